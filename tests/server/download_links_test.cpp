// Signed URLs: nobody but the server makes one, and none does more than it was made for.
#include <boost/test/unit_test.hpp>
#include <string>

#include "server/files/disposition.hpp"
#include "server/files/download_links.hpp"
#include "server/files/path.hpp"

namespace alcove::files {
namespace {

constexpr kv::TimeMs now_ms = 1'800'000'000'000;
constexpr std::string_view front = "https://files.example/files/";

const scopes::MasterKey one{1, 2, 3};
const scopes::MasterKey two{4, 5, 6};

DownloadLink link() {
    DownloadLink link;
    link.name.scope = kv::Scope::end_user;
    link.name.workspace.data[3] = 7;
    link.name.subject = std::string("sub\0ject", 8);
    link.path = "d/\xc3\xa4 \"x\".txt";
    link.version = 42;
    link.expires_ms = now_ms + link_ms_max;
    return link;
}

std::string signed_text(const DownloadLinks& links, const DownloadLink& of) {
    const auto url = links.make_url(of, now_ms);
    BOOST_TEST(url.starts_with(front));
    return url.substr(front.size());
}

BOOST_AUTO_TEST_SUITE(download_links)

BOOST_AUTO_TEST_CASE(a_link_says_what_it_was_made_for) {
    const DownloadLinks links({.current = one, .former = {}}, "https://files.example/");
    const auto opened = links.open(signed_text(links, link())).value();
    BOOST_TEST((opened.name == link().name));
    BOOST_TEST(opened.path == link().path);
    BOOST_TEST(opened.version == 42u);
    BOOST_TEST(opened.expires_ms == link().expires_ms);
    BOOST_TEST(DownloadLinks({.current = one, .former = {}}, "").make_url(link(), now_ms).starts_with("/files/"));
}

BOOST_AUTO_TEST_CASE(no_character_of_a_link_can_be_changed) {
    const DownloadLinks links({.current = one, .former = {}}, "https://files.example");
    const auto text = signed_text(links, link());
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto forged = text;
        forged[i] = forged[i] == 'A' ? 'B' : 'A';
        const auto opened = links.open(forged);
        // The last character has bits that say nothing; whatever else changes is refused.
        BOOST_TEST((!opened || i + 1 == text.size()), i);
        BOOST_TEST(!links.open(text.substr(0, i)).has_value());
    }
    BOOST_TEST(!links.open(text + "A").has_value());
    BOOST_TEST(!links.open("%").has_value());
}

BOOST_AUTO_TEST_CASE(links_hold_with_the_former_master_key_and_no_other) {
    const DownloadLinks before({.current = one, .former = {}}, "https://files.example");
    const auto text = signed_text(before, link());
    BOOST_TEST(DownloadLinks({.current = two, .former = one}, "").open(text).has_value());
    BOOST_TEST(!DownloadLinks({.current = two, .former = {}}, "").open(text).has_value());
}

BOOST_AUTO_TEST_CASE(a_key_of_an_hour_signs_for_that_hour_alone) {
    const DownloadLinks links({.current = one, .former = {}}, "https://files.example");
    auto lasting = link();
    lasting.expires_ms = now_ms + 3 * link_ms_max;
    BOOST_TEST(!links.open(signed_text(links, lasting)).has_value());
    // Another hour, another key: the same link is signed differently.
    const auto later = links.make_url(link(), now_ms + link_ms_max).substr(front.size());
    BOOST_TEST(later.substr(later.size() - 20) != signed_text(links, link()).substr(later.size() - 20));
}

BOOST_AUTO_TEST_CASE(names_of_downloads_are_safe_in_a_header) {
    BOOST_TEST(attachment("a/b.txt") == "attachment; filename=\"b.txt\"; filename*=UTF-8''b.txt");
    BOOST_TEST(attachment("a/\xc3\xa4 \"x\"\r\n.txt") ==
               "attachment; filename=\"__ _x___.txt\"; filename*=UTF-8''%C3%A4%20%22x%22%0D%0A.txt");
}

BOOST_AUTO_TEST_CASE(paths_are_refused_instead_of_normalised) {
    for (const auto* path : {"a", "a/b", "a.b", "...", ".a", "a..", "a/.b", "..a/b", " ", "a\nb"})
        BOOST_TEST(is_path(path), path);
    for (const auto* path :
         {"", "/", "/a", "a/", "a//b", ".", "..", "a/.", "a/..", "./a", "../a", "a/./b", "a/../b"})
        BOOST_TEST(!is_path(path), path);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::files
