// The pages of a list, shown as they come: as one table, one document, or the ids alone.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/cli/commands.hpp"
#include "server/cli/output.hpp"

namespace alcove::cli {

enum class Pages : unsigned char { single, joined };

// Keeps no page, so that a list may have any length. The command must outlive it.
class ListOutput {
public:
    ListOutput(const Command& command, Output output, Pages pages)
        : command_(command), output_(output), pages_(pages) {}

    // Shows a page, and answers the cursor behind it; empty: there are no more. Throws Failure when it is no such
    // list.
    std::string show(const std::string& answer);

    // Behind the last page.
    void finish();

private:
    void show_json(const scopes::json::Document& document, const scopes::json::Value& items);
    void show_ids(const scopes::json::Document& document, const scopes::json::Value& items);
    void show_rows(const scopes::json::Document& document, const scopes::json::Value& items);

    const Command& command_;
    Output output_;
    Pages pages_;

    // Of one document made of all pages: the other members as the last page has them, other lists joined.
    bool begun_ = false;
    bool has_items_ = false;  // a page of keys may have prefixes alone
    std::vector<std::pair<std::string, std::string>> others_{};
    std::map<std::string, std::string> lists_{};

    std::vector<std::string_view> columns_{};
    std::optional<Table> table_{};
};

}  // namespace alcove::cli
