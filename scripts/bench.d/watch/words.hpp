// Words of the form name=value, from the command line or a line of the input.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

class Words {
public:
    void add(const std::string& word) {
        const std::size_t at = word.find('=');
        if (at == word.npos) std::fprintf(stderr, "not name=value: %s\n", word.c_str()), std::exit(2);
        words_[word.substr(0, at)] = word.substr(at + 1);
    }

    std::string text(const char* name) const {
        const auto found = words_.find(name);
        return found == words_.end() ? "" : found->second;
    }

    std::uint64_t number(const char* name, std::uint64_t otherwise = 0) const {
        return words_.contains(name) ? std::strtoull(text(name).c_str(), nullptr, 10) : otherwise;
    }

    double real(const char* name) const { return std::strtod(text(name).c_str(), nullptr); }

    // The content of the file that is named; empty when none is.
    std::string content(const char* name) const {
        if (!words_.contains(name)) return "";
        std::ifstream in(text(name), std::ios::binary);
        std::string content(std::istreambuf_iterator<char>(in), {});
        if (content.empty()) std::perror(text(name).c_str()), std::exit(1);
        return content;
    }

private:
    std::map<std::string, std::string> words_;
};
