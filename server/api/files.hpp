// The files of a namespace: `NS/files` and `NS/files/{path...}`, and the download URLs `/files/{signed}`.
#pragma once

#include "server/api/call.hpp"

namespace alcove::api {

// What is wrong with a path: 1 to 480 bytes of UTF-8 without NUL, as files::is_path() has it.
std::optional<Problem> refuse_path(std::string_view field, std::string_view path);

asio::awaitable<void> get_file(Call& call);  // HEAD too
asio::awaitable<void> put_file(Call& call);
asio::awaitable<void> delete_file(Call& call);
asio::awaitable<void> list_files(Call& call);

asio::awaitable<void> download_file(Call& call);  // HEAD too

}  // namespace alcove::api
