// The names that callers give to things, as values that are always valid.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace alcove::scopes {

inline constexpr std::size_t name_code_points_max = 255;

// Small enough to be listed a hundred at a time.
inline constexpr std::size_t metadata_bytes_max = std::size_t{16} << 10;

// The longest address that mail can carry (RFC 5321).
inline constexpr std::size_t email_bytes_max = 254;

// An end user's id in the caller's world, or the key of an external namespace: 1 to 255 code points, compared
// byte by byte, without control characters.
class ExternalId {
public:
    static std::optional<ExternalId> parse(std::string_view text);
    const std::string& text() const { return text_; }
    bool operator==(const ExternalId&) const = default;

private:
    explicit ExternalId(std::string_view text) : text_(text) {}
    std::string text_;
};

// A workspace's name in paths: `^[a-z0-9][a-z0-9-]{0,62}$`, and not in the form of a UUID.
class Slug {
public:
    static std::optional<Slug> parse(std::string_view text);
    const std::string& text() const { return text_; }
    bool operator==(const Slug&) const = default;

private:
    explicit Slug(std::string_view text) : text_(text) {}
    std::string text_;
};

// What an integration is called everywhere: `^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$`.
class IntegrationName {
public:
    static std::optional<IntegrationName> parse(std::string_view text);
    const std::string& text() const { return text_; }
    bool operator==(const IntegrationName&) const = default;

private:
    explicit IntegrationName(std::string_view text) : text_(text) {}
    std::string text_;
};

// What a workspace calls one of its integrations: `^[a-z][a-z0-9_-]{0,62}$`, and not in the form of a UUID.
class Alias {
public:
    static std::optional<Alias> parse(std::string_view text);
    const std::string& text() const { return text_; }
    bool operator==(const Alias&) const = default;

private:
    explicit Alias(std::string_view text) : text_(text) {}
    std::string text_;
};

// `<word>.<word>…` of lower-case letters, digits and underscores, at most 100 bytes.
class EventType {
public:
    static std::optional<EventType> parse(std::string_view text);
    const std::string& text() const { return text_; }

private:
    explicit EventType(std::string_view text) : text_(text) {}
    std::string text_;
};

// Whose connection an integration works with.
enum class ConnectionStrategy : std::uint8_t { fixed, per_user, per_user_with_fallback };
inline constexpr std::array<std::string_view, 3> connection_strategy_names = {"fixed", "per_user",
                                                                              "per_user_with_fallback"};
std::string_view to_string(ConnectionStrategy strategy);
std::optional<ConnectionStrategy> parse_connection_strategy(std::string_view text);

// How far a connection is. What is terminated stays so.
enum class ConnectionStatus : std::uint8_t {
    connecting,
    interaction_required,
    connected,
    disconnected,
    terminated
};
inline constexpr std::array<std::string_view, 5> connection_status_names = {
    "connecting", "interaction_required", "connected", "disconnected", "terminated"};
std::string_view to_string(ConnectionStatus status);
std::optional<ConnectionStatus> parse_connection_status(std::string_view text);

// How a connection proves who it is to the other system. `none` needs nobody to connect it.
enum class AuthMethod : std::uint8_t { none, username_password, google_sso };
inline constexpr std::array<std::string_view, 3> auth_method_names = {"none", "username_password", "google_sso"};
std::string_view to_string(AuthMethod method);
std::optional<AuthMethod> parse_auth_method(std::string_view text);

// Where a connection of that method begins.
ConnectionStatus first_status(AuthMethod method);

// Where an integration keeps what it is told to keep.
enum class PersistenceScope : std::uint8_t { end_user, workspace, external };
inline constexpr std::array<std::string_view, 3> persistence_scope_names = {"end_user", "workspace", "external"};
std::string_view to_string(PersistenceScope scope);
std::optional<PersistenceScope> parse_persistence_scope(std::string_view text);

struct Persistence {
    PersistenceScope scope = PersistenceScope::end_user;
    std::optional<std::string> external_id;  // the namespace's key, for `external` only
    bool operator==(const Persistence&) const = default;
};

// What people read: at most 255 code points without control characters; may be empty.
class Label {
public:
    static std::optional<Label> parse(std::string_view text);
    const std::string& text() const { return text_; }
    bool operator==(const Label&) const = default;

private:
    explicit Label(std::string_view text) : text_(text) {}
    std::string text_;
};

// Something on both sides of one @, without white space.
class Email {
public:
    static std::optional<Email> parse(std::string_view text);
    const std::string& text() const { return text_; }
    bool operator==(const Email&) const = default;

private:
    explicit Email(std::string_view text) : text_(text) {}
    std::string text_;
};

// A JSON object that belongs to the caller. Empty by default.
class Metadata {
public:
    Metadata() = default;

    // `json` is the text of a JSON object, already validated. nullopt when it is too long.
    static std::optional<Metadata> parse(std::string_view json);
    const std::string& json() const { return json_; }
    bool operator==(const Metadata&) const = default;

private:
    std::string json_ = "{}";
};

// The text of one of the values above, if there is one.
template <class Name>
std::optional<std::string> text_of(const std::optional<Name>& name) {
    if (!name) return std::nullopt;
    return name->text();
}

}  // namespace alcove::scopes
