#include "server/api/metric_families.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "kv/store_metrics.hpp"
#include "server/api/health.hpp"
#include "server/api/namespaces.hpp"
#include "server/http/server.hpp"
#include "server/metrics/busy_namespaces.hpp"
#include "server/metrics/exposition.hpp"
#include "server/metrics/process.hpp"
#include "server/metrics/requests.hpp"
#include "server/watch/hub.hpp"

namespace alcove::api {
namespace {

using metrics::Exposition;
using metrics::nanoseconds_per_second;

double number(std::uint64_t value) {
    return static_cast<double>(value);
}

void add_server(Exposition& out, const Services& services) {
    out.gauge("alcove_build_info", "1, with the version of the server.").add(1, {{"version", ALCOVE_VERSION}});
    const auto readiness = readiness_of(services.store.status(), services.leaving);
    out.gauge("alcove_ready", "What /readyz says: 1 for each check that is ok.");
    out.add(readiness.store == Readiness::ok ? 1 : 0, {{"check", "store"}});
    out.add(readiness.disk == Readiness::ok ? 1 : 0, {{"check", "disk"}});
    out.add(readiness.shutdown == Readiness::ok ? 1 : 0, {{"check", "shutdown"}});
}

void add_requests(Exposition& out, const Services& services) {
    const auto routes = services.requests.totals();
    out.counter("alcove_http_requests_total", "Requests that were answered.");
    for (const auto& route : routes) {
        for (const auto& [status, count] : route.by_status)
            out.add(number(count),
                    {{"method", route.method}, {"route", route.pattern}, {"status", std::to_string(status)}});
    }
    out.histogram("alcove_http_request_duration_seconds",
                  "From a request's head to its answer, without watches and long polls.");
    for (const auto& route : routes)
        out.add(route.duration_ns, nanoseconds_per_second, {{"method", route.method}, {"route", route.pattern}});
    out.counter("alcove_http_response_body_bytes_total", "Bytes of the answers' bodies.");
    for (const auto& route : routes)
        out.add(number(route.body_bytes), {{"method", route.method}, {"route", route.pattern}});
    out.gauge("alcove_http_connections", "Connections that are open.").add(number(services.server->connections()));
    out.counter("alcove_http_connections_accepted_total", "Connections that were opened.")
        .add(number(services.server->accepted()));
}

void add_writes(Exposition& out, const kv::StoreMetrics& store) {
    out.counter("alcove_commits_total", "Commits that became durable.").add(number(store.commits));
    out.counter("alcove_commits_refused_total", "Commits that changed nothing, by why.");
    for (std::size_t i = 0; i < store.refused.size(); ++i)
        out.add(number(store.refused[i]), {{"reason", kv::to_string(static_cast<kv::Errc>(i))}});
    out.gauge("alcove_commit_queue_depth", "Commits that wait for the writer, or for its sync.")
        .add(number(store.status.queued));
    out.histogram("alcove_commit_group_size", "Commits that became durable together.").add(store.group_commits, 1);
    out.histogram("alcove_commit_sync_duration_seconds", "Write and fdatasync of one group of the log.")
        .add(store.sync_ns, nanoseconds_per_second);
    out.histogram("alcove_commit_duration_seconds", "From a commit's place in the queue to its answer.")
        .add(store.commit_ns, nanoseconds_per_second);
    out.histogram("alcove_apply_duration_seconds", "Applications of what gathered in memory to the index.")
        .add(store.apply_ns, nanoseconds_per_second);
    out.gauge("alcove_overlay_bytes", "Memory of commits that the index does not hold yet.")
        .add(number(store.overlay_bytes));
    out.gauge("alcove_store_version",
              "Version of the last commit that is durable, applied to the index, forgotten.")
        .add(number(store.status.version), {{"commit", "durable"}})
        .add(number(store.status.applied), {{"commit", "applied"}})
        .add(number(store.status.forgotten), {{"commit", "forgotten"}});
    out.counter("alcove_expired_keys_total", "Keys that were removed because their time had come.")
        .add(number(store.expired_keys));
}

void add_space(Exposition& out, const kv::StoreMetrics& store) {
    out.gauge("alcove_map_used_bytes", "Of the index, what holds data.").add(number(store.map_used_bytes));
    out.gauge("alcove_map_limit_bytes", "store.map_bytes.").add(number(store.map_limit_bytes));
    out.gauge("alcove_log_bytes", "The commit log, history included.").add(number(store.log_bytes));
    out.gauge("alcove_blobs", "Files that lie in the folder blobs.").add(number(store.blobs));
    out.gauge("alcove_disk_free_bytes", "Free space where the data folder is.").add(number(store.disk_free_bytes));
    out.gauge("alcove_disk_reserve_bytes", "store.disk_reserve_bytes.").add(number(store.disk_reserve_bytes));
}

void add_watches(Exposition& out, const watch::Tally::Sum& sum) {
    out.gauge("alcove_watch_connections", "Connections that wait for changes.");
    for (std::size_t i = 0; i < sum.open.size(); ++i)
        out.add(number(sum.open[i]), {{"transport", watch::transport_names[i]}});
    out.gauge("alcove_watches", "Watches of WebSockets and event streams.").add(number(sum.watches));
    out.gauge("alcove_watches_behind", "Watches that have not told all that there is to tell.")
        .add(number(sum.behind));
    out.gauge("alcove_watch_lag_versions", "How many versions the slowest watch is behind its namespace.")
        .add(number(sum.lag_max));
    out.counter("alcove_watch_events_total", "Changes that watches told.").add(number(sum.events));
    out.counter("alcove_watch_resets_total", "Watches that had to begin anew, by why.");
    for (std::size_t i = 0; i < sum.resets.size(); ++i)
        out.add(number(sum.resets[i]), {{"reason", watch::reset_reasons[i]}});
}

void add_webhooks(Exposition& out, const webhooks::DeliveryCounts& counts) {
    out.counter("alcove_webhook_deliveries_total", "Attempts to tell webhooks, by how they ended.")
        .add(number(counts.delivered), {{"outcome", "delivered"}})
        .add(number(counts.failed), {{"outcome", "failed"}})
        .add(number(counts.postponed), {{"outcome", "postponed"}});
    out.histogram("alcove_webhook_delivery_duration_seconds", "Attempts that reached the network.")
        .add(counts.duration_ns.read(), nanoseconds_per_second);
    out.gauge("alcove_webhooks", "Active event destinations and triggers, by what they do.");
    const std::uint64_t sending = counts.sending;
    const std::uint64_t retrying = counts.retrying;
    const std::uint64_t active = std::max<std::uint64_t>(counts.active, sending + retrying);
    out.add(number(active - sending - retrying), {{"state", "idle"}});
    out.add(number(sending), {{"state", "sending"}}).add(number(retrying), {{"state", "retrying"}});
    out.counter("alcove_webhooks_deactivated_total", "Event destinations and triggers that became inactive.");
    for (std::size_t i = 0; i < counts.deactivated.size(); ++i)
        out.add(number(counts.deactivated[i]), {{"reason", webhooks::inactive_reasons[i]}});
}

// Subjects are customers' data and without end: all of a workspace and scope are one here.
void add_busiest(Exposition& out, const std::vector<metrics::BusyNamespaces::Busy>& busy) {
    std::map<std::pair<kv::Uuid, kv::Scope>, double> sums;
    for (const auto& [name, per_second] : busy)
        sums[{name.workspace, name.scope}] += per_second;
    std::vector<std::pair<std::pair<kv::Uuid, kv::Scope>, double>> all(sums.begin(), sums.end());
    std::ranges::sort(all, [](const auto& a, const auto& b) { return a.second > b.second; });
    if (all.size() > metrics::limits::busy_shown_max) all.resize(metrics::limits::busy_shown_max);
    out.gauge("alcove_busiest_namespaces_requests_per_second",
              "About how many requests the namespaces of the busiest workspaces lately had.");
    for (const auto& [owner, per_second] : all)
        out.add(per_second, {{"workspace", scopes::format_uuid(owner.first)}, {"scope", name_of(owner.second)}});
}

void add_process(Exposition& out) {
    const auto process = metrics::look_at_process();
    if (!process) return;
    out.counter("process_cpu_seconds_total", "CPU time, user and system.").add(process->cpu_seconds);
    out.gauge("process_start_time_seconds", "When the process started, since 1970.").add(process->start_seconds);
    out.gauge("process_resident_memory_bytes", "Memory, parts of files that are mapped included.")
        .add(number(process->resident_bytes));
    out.gauge("process_virtual_memory_bytes", "Address space, most of it reserved for the index.")
        .add(number(process->virtual_bytes));
    out.gauge("process_threads", "Threads.").add(number(process->threads));
    out.gauge("process_open_fds", "Descriptors that are open.").add(number(process->descriptors));
    out.gauge("process_max_fds", "Descriptors that may be open.").add(number(process->descriptors_max));
}

}  // namespace

std::string print_metrics(const Services& services) {
    const kv::StoreMetrics store = services.store.metrics();
    Exposition out;
    add_server(out, services);
    add_requests(out, services);
    add_writes(out, store);
    add_space(out, store);
    add_watches(out, services.watches.sum());
    add_webhooks(out, services.deliverer.counts());
    add_busiest(out, services.busy_namespaces.top());
    add_process(out);
    return out.text();
}

}  // namespace alcove::api
