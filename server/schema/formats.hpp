// What strings must look like, for the shapes of every surface. A test holds each pattern against what is enforced.
#pragma once

#include "server/schema/schema.hpp"

namespace alcove::schema {

extern const Format without_nul;
extern const Format visible_ascii;
extern const Format plain_text;       // without control characters
extern const Format decimal_version;  // as answers spell it
extern const Format file_path;
extern const Format uuid;
extern const Format email;
extern const Format slug;          // of a workspace
extern const Format integration;   // the name of one
extern const Format alias;         // of a workspace's integration
extern const Format event_type;    // such as `connection.created`
extern const Format event_filter;  // a type or `*`

// Enforced by whoever takes the text apart.
extern const Format utc_time;
extern const Format base64;
extern const Format web_url;

}  // namespace alcove::schema
