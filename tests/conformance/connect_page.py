"""The connect page in a headless Chromium, as an end user meets it: connect_page.py URL ADMIN_KEY [SCREENSHOT_FOLDER]

Exit status 0 and a line per step, or the step that failed and what the page showed then.
"""

import pathlib
import sys

import browser as chromium
from server import Server, step


def walk(server, browser, pictures):
    workspace = server.call("POST", "/workspaces", {"name": "Acme <script>alert(1)</script>", "slug": "acme"})
    user = server.call("POST", "/end-users", {"workspaceId": "acme", "externalId": "u", "displayName": "Ada <b>"})
    server.call("POST", "/workspaces/acme/integrations", {"integrationName": "slack"})
    path = f"/end-users/{user['endUser']['id']}/connect-token"

    def connect_url(body):
        return server.url + server.call("POST", path, body)["connectUrl"]

    def resolve(integration):
        body = {"workspaceId": "acme", "integrationName": integration, "endUserId": "u", "includeCredentials": True}
        return server.call("POST", "/connections/resolve", body)

    step("a link without a token, and one that is not valid, say so")
    browser.open(server.url + "/connect")
    browser.wait_for("This link is not complete")
    browser.open(server.url + "/connect#eut_unknown")
    browser.wait_for("This link is not valid any more")
    assert not browser.run("return document.getElementById('form').offsetParent"), "the form shows without a session"

    step("a damaged link says so too, and a second link in the same tab counts")
    browser.open(server.url + "/connect#eut_abc%zz")
    browser.wait_for("This link is not valid any more")
    browser.run("location.hash = 'x'")
    browser.wait_for("This link is not valid any more")
    assert browser.run("return location.href") == server.url + "/connect", "the fragment stays"

    step("the page shows whom it is for, as text")
    browser.open(connect_url({"integrationName": "slack"}))
    browser.wait_for(workspace["workspace"]["name"])
    browser.wait_for("Ada <b>")
    assert browser.run("return document.querySelectorAll('strong > *').length") == 0, "a name became markup"

    step("the token is gone from the address bar")
    address = browser.run("return location.href")
    assert address == server.url + "/connect", address

    step("an empty form is told what it lacks")
    browser.click("#submit")
    browser.wait_for("Please enter your user name and your password.")

    step("user name and password become a connection")
    browser.write("#displayName", "Work")
    browser.write("#username", "ada")
    browser.write("#password", "pässword")
    if pictures:
        for width in (400, 1200):
            for scheme in ("light", "dark"):
                browser.screenshot(pictures / f"connect-{width}-{scheme}.png", width, scheme)
    browser.click("#submit")
    browser.wait_for("Connected.")
    browser.wait_for("slack: Work")
    resolved = resolve("slack")
    assert resolved["credentials"] == {"username": "ada", "password": "pässword"}, resolved
    assert resolved["connection"]["endUserId"] == "u", resolved
    assert browser.run("return document.getElementById('password').value") == "", "the password stays in the form"

    step("a field that the server refuses is told beside it")
    browser.run("document.getElementById('displayName').value = 'x'.repeat(300)")
    browser.write("#username", "ada")
    browser.write("#password", "x")
    browser.click("#submit")
    browser.wait_for("'displayName' must have at most 255 characters")
    assert browser.run("return document.getElementById('error-displayName').textContent"), "not beside the field"

    step("what is connected can be disconnected")
    browser.run("window.confirm = () => true")
    browser.click("#connections button")
    browser.wait_for("Disconnected.")
    left = server.call("GET", "/connections?workspaceId=acme")
    assert left["total"] == 0, left

    step("a token for any integration asks for its name, and takes fields of any name")
    browser.open(connect_url({}))
    browser.wait_for("Integration")
    browser.write("#integrationName", "bad name")
    browser.click("input[value=key]")
    browser.write("#apiKey", "k1")
    browser.click("#submit")
    browser.wait_for("'integrationName' must match")
    browser.run("document.getElementById('integrationName').value = ''")
    browser.write("#integrationName", "slack")
    browser.click("input[value=other]")
    browser.write(".row input:nth-child(1)", "region")
    browser.write(".row input:nth-child(2)", "eu")
    browser.click("#submit")
    browser.wait_for("Connected.")
    assert resolve("slack")["credentials"] == {"region": "eu"}, resolve("slack")

    step("the browser has nothing to complain about")
    assert browser.complaints() == [], browser.complaints()


def main():
    url, key = sys.argv[1:3]
    pictures = pathlib.Path(sys.argv[3]) if len(sys.argv) > 3 else None
    with chromium.started() as browser:
        walk(Server(url, key), browser, pictures)
    step("done")


if __name__ == "__main__":
    main()
