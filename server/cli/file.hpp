// Files and streams that values and exports go to and come from, in pieces.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace alcove::cli {

// All of it throws Failure with the file's name.
class InputFile {
public:
    explicit InputFile(const std::string& name);  // "-" is stdin
    ~InputFile();
    InputFile(const InputFile&) = delete;
    InputFile& operator=(const InputFile&) = delete;

    std::optional<std::uint64_t> size() const;         // of a regular file that is read from its beginning
    std::size_t read(char* buffer, std::size_t size);  // 0 is the end

private:
    std::string name_;
    int handle_;
};

class OutputFile {
public:
    enum class Mode : unsigned char { replace, go_on };

    // "-" is stdout. What is made has mode 0600 whatever the umask: values may be secrets.
    OutputFile(const std::string& name, Mode mode);
    ~OutputFile();
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;

    void write(std::string_view bytes);
    void cut(std::uint64_t size);  // nothing but the first `size` bytes stay, and what is written goes behind them
    void sync();                   // what was written survives a loss of power, where the file can do that
    void finish();                 // closes; errors that come late are told

private:
    std::string name_;
    int handle_;
};

// Replaces a small file atomically.
void replace_file(const std::string& name, std::string_view text);

// All of it; a larger one is a Failure with that exit status.
std::string read_whole_file(const std::string& name, std::size_t bytes_max, int exit_status);

// nullopt when there is none.
std::optional<std::string> read_small_file(const std::string& name);

}  // namespace alcove::cli
