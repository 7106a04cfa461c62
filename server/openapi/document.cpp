#include "server/openapi/document.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <utility>
#include <vector>

#include "scopes/json_writer.hpp"
#include "server/api/routes.hpp"
#include "server/openapi/components.hpp"
#include "server/openapi/path_parameters.hpp"
#include "server/openapi/shapes.hpp"

namespace alcove::openapi {
namespace {

using api::NamespaceForm;
using http::Method;

constexpr std::string_view json_type = "application/json";

struct FormWords {
    NamespaceForm form;
    std::string_view id_end;
    std::string_view summary_end;
};
constexpr FormWords form_words[] = {
    {NamespaceForm::none, "", ""},
    {NamespaceForm::workspace, "OfWorkspace", " (a workspace's own namespace)"},
    {NamespaceForm::end_user, "OfEndUser", " (an end user's namespace)"},
    {NamespaceForm::external, "OfExternal", " (the namespace of an external key)"},
    {NamespaceForm::integration, "OfIntegration", " (the namespace of an integration, by its policy)"},
};

const FormWords& words_of(NamespaceForm form) {
    return *std::ranges::find(form_words, form, &FormWords::form);
}

constexpr Shape integration_end_user = {
    .types = type::string, .description = "Whose namespace it is, where the integration's policy asks for one."};
constexpr Parameter end_user_parameter = {
    .name = api::end_user_parameter, .shape = &integration_end_user, .example = "user_123"};

std::string_view lower_case(Method method) {
    switch (method) {
        case Method::get:
            return "get";
        case Method::put:
            return "put";
        case Method::post:
            return "post";
        case Method::patch:
            return "patch";
        case Method::delete_:
            return "delete";
        default:
            throw std::logic_error("a method that the description does not know");
    }
}

// `{key...}` becomes `{key}`.
std::string template_of(std::string_view pattern) {
    std::string out(pattern);
    if (const auto dots = out.find("...}"); dots != out.npos) out.erase(dots, 3);
    return out;
}

std::vector<std::string_view> captures_of(std::string_view path) {
    std::vector<std::string_view> names;
    for (auto begin = path.find('{'); begin != path.npos; begin = path.find('{', begin + 1))
        names.push_back(path.substr(begin + 1, path.find('}', begin) - begin - 1));
    return names;
}

std::string quoted(scopes::Permission permission) {
    return "`" + std::string(scopes::to_string(permission)) + "`";
}

std::string needed_permission(const api::Endpoint& endpoint) {
    if (!endpoint.permission) return {};
    auto out = "Needs the permission " + quoted(*endpoint.permission);
    if (endpoint.and_permission) out += " and " + quoted(*endpoint.and_permission);
    if (endpoint.or_permission) out += " or " + quoted(*endpoint.or_permission);
    return out + ".";
}

// An example as JSON: as it is when the shape takes no strings.
void print_example(Writer& writer, const Shape& shape, std::string_view example) {
    if (example.empty()) return;
    writer.name("example");
    (shape.types & type::string) != 0 ? writer.string(example) : writer.raw(example);
}

class Printer {
public:
    explicit Printer(std::string& out) : writer_(out) {}

    void print(std::string_view public_url) {
        writer_.open_object().member("openapi", "3.1.0");
        print_info();
        writer_.name("servers").open_array().open_object();
        writer_.member("url", public_url.empty() ? "/" : public_url).close_object().close_array();
        writer_.name("security").open_array().open_object();
        writer_.name("bearer").open_array().close_array().close_object().close_array();
        print_tags();
        print_paths();
        components_.print(writer_);
        writer_.close_object();
    }

private:
    void print_info() {
        writer_.name("info").open_object().member("title", "Alcove").member("version", ALCOVE_VERSION);
        writer_.member(
            "description",
            "A persistence server for integrations. Nothing is silently ignored: an unknown parameter or "
            "member is 400. Every answer has `X-Request-Id`; 429 and 503 have `Retry-After`. What `GET` "
            "answers, `HEAD` answers without a body. Of schemas, `x-maxBytes` is the most bytes that a "
            "string may have in UTF-8, `x-maxJsonBytes` the most that an object's JSON text may have.");
        writer_.name("license").open_object().member("name", "MIT").member("identifier", "MIT").close_object();
        writer_.close_object();
    }

    void print_tags() {
        writer_.name("tags").open_array();
        for (const auto* group : groups())
            writer_.open_object()
                .member("name", group->tag)
                .member("description", group->description)
                .close_object();
        writer_.close_array();
    }

    void print_paths() {
        std::vector<std::pair<std::string, std::vector<api::Route>>> paths;
        for (auto& route : api::routes()) {
            auto path = template_of(route.pattern);
            const auto found = std::ranges::find(paths, path, [](const auto& each) { return each.first; });
            auto& of_path = found != paths.end() ? *found : paths.emplace_back(std::move(path), 0);
            of_path.second.push_back(std::move(route));
        }
        writer_.name("paths").open_object();
        for (const auto& [path, routes] : paths) {
            writer_.name(path).open_object();
            for (const auto& route : routes)
                print_operation(path, route);
            writer_.close_object();
        }
        writer_.close_object();
    }

    void print_operation(const std::string& path, const api::Route& route) {
        const auto& endpoint = *route.endpoint;
        const auto [group, operation] = find_operation(endpoint.handler);
        if (operation == nullptr) throw std::logic_error("nothing is said of " + path);
        const auto& words = words_of(route.form);
        writer_.name(lower_case(endpoint.method)).open_object();
        writer_.member("operationId", std::string(operation->id).append(words.id_end));
        writer_.name("tags").open_array().string(group->tag).close_array();
        writer_.member("summary", std::string(operation->summary).append(words.summary_end));
        print_description(*operation, endpoint);
        print_security(*operation, endpoint);
        print_parameters(path, *operation, route);
        print_body(*operation);
        print_answers(path, *group, *operation, endpoint);
        writer_.close_object();
    }

    void print_description(const Operation& operation, const api::Endpoint& endpoint) {
        std::string out(operation.description);
        const auto permission = needed_permission(endpoint);
        if (!out.empty() && !permission.empty()) out += "\n\n";
        out += permission;
        if (!out.empty()) writer_.member("description", out);
    }

    // Where it is not that of the whole document.
    void print_security(const Operation& operation, const api::Endpoint& endpoint) {
        if (endpoint.permission) return;
        writer_.name("security").open_array();
        if (operation.tickets == Tickets::taken) {
            writer_.open_object().name("bearer").open_array().close_array().close_object();
            writer_.open_object().close_object();
        }
        writer_.close_array();
    }

    void print_parameters(const std::string& path, const Operation& operation, const api::Route& route) {
        writer_.name("parameters").open_array();
        for (const auto name : captures_of(path)) {
            const auto& [start, of_name, shape, example] = find_path_parameter(path, name);
            writer_.open_object().member("name", name).member("in", "path").name("required").boolean(true);
            print_meaning(*shape);
            print_example(writer_, *shape, example);
            writer_.close_object();
        }
        if (route.form == NamespaceForm::integration) print_parameter(end_user_parameter);
        for (const auto& parameter : operation.parameters)
            print_parameter(parameter);
        const auto method = route.endpoint->method;
        const bool changes = method == Method::post || method == Method::patch || method == Method::delete_;
        if (changes && operation.idempotency_key == IdempotencyKey::taken) {
            writer_.open_object().member("$ref", Components::refer_to_idempotency_key()).close_object();
        }
        writer_.close_array();
    }

    void print_parameter(const Parameter& parameter) {
        writer_.open_object().member("name", parameter.name);
        writer_.member("in", parameter.in == In::query ? "query" : "header");
        if (parameter.presence == Presence::required) writer_.name("required").boolean(true);
        if (!parameter.repeated) {
            print_meaning(*parameter.shape);
            print_example(writer_, *parameter.shape, parameter.example);
        } else {
            writer_.member("description", parameter.shape->description);
            writer_.name("schema").open_object().member("type", "array").name("items");
            print_undescribed(*parameter.shape);
            writer_.close_object();
            if (!parameter.example.empty())
                writer_.name("example").open_array().string(parameter.example).close_array();
        }
        writer_.close_object();
    }

    void print_meaning(const Shape& shape) {
        writer_.member("description", shape.description).name("schema");
        print_undescribed(shape);
    }

    // What it is for is said beside it.
    void print_undescribed(Shape shape) {
        shape.description = {};
        print_keywords(writer_.open_object(), shape, components_.refer_to_shape());
        writer_.close_object();
    }

    void print_body(const Operation& operation) {
        if (operation.body == nullptr && operation.media_type.empty()) return;
        writer_.name("requestBody").open_object().name("required").boolean(true).name("content").open_object();
        if (operation.body == nullptr) {
            writer_.name(operation.media_type).open_object().name("schema").open_object().close_object();
            writer_.member("example", operation.example);
        } else {
            print_schema(writer_.name(json_type).open_object().name("schema"), *operation.body,
                         components_.refer_to_shape());
            writer_.name("example").raw(operation.example);
        }
        writer_.close_object().close_object().close_object();
    }

    void print_answers(const std::string& path, const Group& group, const Operation& operation,
                       const api::Endpoint& endpoint) {
        writer_.name("responses").open_object();
        std::set<unsigned> errors = {400};
        if (endpoint.permission || operation.tickets == Tickets::taken) errors.insert({401, 403});
        if (path.find('{') != path.npos) errors.insert(404);
        if (operation.body != nullptr) errors.insert({413, 415});
        errors.insert(operation.errors.begin(), operation.errors.end());
        for (const auto& answer : operation.answers) {
            print_answer(answer);
            errors.erase(answer.status);
        }
        errors.insert(any_other_error);
        for (const auto status : errors) {
            writer_.name(status == any_other_error ? "default" : std::to_string(status)).open_object();
            writer_.member("$ref", components_.refer_to_error(group.surface, status)).close_object();
        }
        writer_.close_object();
    }

    void print_answer(const Answer& answer) {
        writer_.name(std::to_string(answer.status)).open_object().member("description", answer.meaning);
        if (!answer.headers.empty()) {
            writer_.name("headers").open_object();
            for (const auto name : answer.headers) {
                writer_.name(name).open_object().member("$ref", components_.refer_to_header(name)).close_object();
            }
            writer_.close_object();
        }
        if (answer.body != nullptr) {
            print_content(json_type, *answer.body);
        } else if (!answer.media_type.empty()) {
            print_content(answer.media_type, any_bytes);
        }
        writer_.close_object();
    }

    void print_content(std::string_view media_type, const Shape& shape) {
        writer_.name("content").open_object().name(media_type).open_object().name("schema");
        print_schema(writer_, shape, components_.refer_to_shape());
        writer_.close_object().close_object();
    }

    static constexpr Shape any_bytes = {};

    Writer writer_;
    Components components_;
};

}  // namespace

std::string print_document(std::string_view public_url) {
    std::string out;
    Printer(out).print(public_url);
    return out;
}

}  // namespace alcove::openapi
