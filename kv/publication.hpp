// One commit as observers meet it.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "kv/types.hpp"

namespace alcove::kv {

// Made once for all observers of a namespace, and with it what they make of it: a form is printed by the first who
// needs it. Immutable but for that; thread-safe.
class Publication {
public:
    // `all` is not empty.
    explicit Publication(std::vector<Change> all) : changes_(std::move(all)) {
        for (const Change& change : changes_)
            bytes_ += sizeof change + change.key.size() +
                      (change.entry ? change.entry->value.size() + change.entry->content_type.size() : 0);
    }

    const std::vector<Change>& changes() const { return changes_; }
    Version version() const { return changes_.front().version; }
    // Roughly what it holds, without its forms.
    std::size_t bytes() const { return bytes_; }

    // The form of that number: what `make()` returned when it was first asked for. Who asks for one number must
    // mean one form.
    static constexpr std::size_t forms = 2;
    template <class Form, class Make>
    const Form& form(std::size_t number, Make make) const {
        std::call_once(once_[number], [&] { forms_[number] = std::make_shared<const Form>(make()); });
        return *static_cast<const Form*>(forms_[number].get());
    }

private:
    std::vector<Change> changes_;
    std::size_t bytes_ = 0;
    mutable std::array<std::once_flag, forms> once_;
    mutable std::array<std::shared_ptr<const void>, forms> forms_;
};

using PublicationPointer = std::shared_ptr<const Publication>;

}  // namespace alcove::kv
