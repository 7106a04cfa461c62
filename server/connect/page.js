// The connect page: an end user enters what a connection needs. The token stays in this page's memory.
"use strict";

const at = (id) => document.getElementById(id);
const token = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
// Another link in the same tab changes what stands behind '#' alone.
addEventListener("hashchange", () => location.reload());

let session = null;
// One for each filling of the form: sending it again after a failed request makes no second connection.
let idempotencyKey = newKey();

// crypto.randomUUID() is for secure origins alone.
function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function say(text, wrong) {
  at("message").textContent = text;
  at("message").classList.toggle("wrong", Boolean(wrong));
}

// {status, body}; status 0 when the server was not reached.
async function ask(method, path, body, headers) {
  try {
    const response = await fetch("api/v1/" + path, {
      method,
      credentials: "same-origin", // a proxy may ask for its own cookie
      cache: "no-store",
      headers: { Authorization: "Bearer " + token, ...(body ? { "Content-Type": "application/json" } : {}), ...headers },
      body: body ? JSON.stringify(body) : undefined,
    });
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : {} };
  } catch {
    return { status: 0, body: {} };
  }
}

const unreachable = "The server cannot be reached. Please try again.";
const expired = "This link is not valid any more. Please ask for a new one.";

function failure(answer) {
  if (answer.status === 0) return unreachable;
  if (answer.status === 401) return expired;
  return answer.body.error || "Something went wrong. Please try again.";
}

async function load() {
  if (!token) return say("This link is not complete. Please use the whole link that you were given.", true);
  const answer = await ask("GET", "connect-session");
  at("retry").hidden = answer.status === 200 || (answer.status >= 400 && answer.status < 500);
  if (answer.status !== 200) {
    at("content").hidden = true;
    return say(answer.status === 403 ? expired : failure(answer), true);
  }
  session = answer.body.connectSession;
  at("integration-title").textContent = session.integrationName || "";
  at("workspace-name").textContent = session.workspaceName;
  at("end-user-name").textContent = session.endUserName || session.endUserId;
  at("integration-field").hidden = Boolean(session.integrationName);
  showConnections();
  at("content").hidden = false;
  if (at("message").textContent.startsWith("One moment")) say("");
}

function nameOf(connection) {
  const name = connection.displayName || connection.externalId;
  return name ? connection.integrationName + ": " + name : connection.integrationName;
}

function showConnections() {
  at("existing").hidden = session.connections.length === 0;
  at("connections").replaceChildren(
    ...session.connections.map((connection) => {
      const name = document.createElement("span");
      name.textContent = nameOf(connection);
      const button = document.createElement("button");
      button.type = "button";
      button.className = "plain";
      button.textContent = "Disconnect";
      button.setAttribute("aria-label", "Disconnect " + nameOf(connection));
      button.addEventListener("click", () => disconnect(connection, button));
      const item = document.createElement("li");
      item.append(name, button);
      return item;
    }),
  );
}

async function disconnect(connection, button) {
  if (!confirm("Disconnect " + nameOf(connection) + "?")) return;
  button.disabled = true;
  const answer = await ask("DELETE", "connections/" + connection.id);
  button.disabled = false;
  if (answer.status !== 200 && answer.status !== 404) return say(failure(answer), true);
  say("Disconnected.");
  await load();
}

function chosenKind() {
  return document.querySelector('input[name="kind"]:checked').value;
}

function showKind() {
  for (const kind of ["password", "key", "other"]) at("kind-" + kind).hidden = kind !== chosenKind();
  if (chosenKind() === "other" && at("rows").children.length === 0) addRow();
}

function addRow() {
  const row = document.createElement("div");
  row.className = "row";
  const number = at("rows").children.length + 1;
  for (const [part, type] of [["Name", "text"], ["Value", "password"]]) {
    const input = document.createElement("input");
    input.type = type;
    input.placeholder = part;
    input.autocomplete = type === "password" ? "new-password" : "off";
    input.setAttribute("aria-label", part + " of field " + number);
    row.append(input);
  }
  at("rows").append(row);
  row.firstChild.focus();
}

// The credentials as an object, or what is missing.
function readCredentials() {
  const kind = chosenKind();
  if (kind === "password") {
    const [username, password] = [at("username").value, at("password").value];
    return username && password ? { username, password } : "Please enter your user name and your password.";
  }
  if (kind === "key") return at("apiKey").value ? { apiKey: at("apiKey").value } : "Please enter your API key.";
  const fields = [...at("rows").children].map((row) => [row.children[0].value.trim(), row.children[1].value]);
  const filled = fields.filter(([name, value]) => name || value);
  if (filled.length === 0 || filled.some(([name, value]) => !name || !value)) {
    return "Please enter a name and a value for each field.";
  }
  if (new Set(filled.map(([name]) => name)).size !== filled.length) return "Each name may come once.";
  return Object.fromEntries(filled);
}

function showErrors(errors) {
  for (const field of ["integrationName", "displayName", "credentials"]) {
    at("error-" + field).textContent = errors[field] || "";
    const input = document.getElementById(field);
    if (input) input.setAttribute("aria-invalid", String(Boolean(errors[field])));
  }
}

async function submit(event) {
  event.preventDefault();
  if (at("submit").disabled) return;
  showErrors({});
  const credentials = readCredentials();
  if (typeof credentials === "string") return showErrors({ credentials });
  const integrationName = session.integrationName || at("integrationName").value.trim();
  if (!integrationName) return showErrors({ integrationName: "Please enter the integration's name." });
  const body = { workspaceId: session.workspaceId, integrationName, credentials };
  if (at("displayName").value) body.displayName = at("displayName").value;

  at("submit").disabled = true;
  say("Connecting …");
  const answer = await ask("POST", "connections", body, { "Idempotency-Key": idempotencyKey });
  at("submit").disabled = false;
  if (answer.status !== 201) {
    if (answer.body.code === "IDEMPOTENCY_CONFLICT") {
      idempotencyKey = newKey();
      say("Your earlier attempt went through: it is in the list above. Disconnect it there to connect anew.");
      return load();
    }
    const field = (answer.body.details && answer.body.details.field) || "";
    if (answer.status === 401) at("content").hidden = true;
    const known = ["integrationName", "displayName", "credentials"].includes(field);
    if (known) showErrors({ [field]: answer.body.error });
    say(known ? "" : failure(answer), true);
    return;
  }
  idempotencyKey = newKey();
  at("form").reset();
  at("rows").replaceChildren();
  showKind();
  say("Connected. You can close this page.");
  await load();
}

for (const input of document.querySelectorAll('input[name="kind"]')) input.addEventListener("change", showKind);
at("add-row").addEventListener("click", addRow);
at("retry").addEventListener("click", load);
at("form").addEventListener("input", () => showErrors({}));
at("form").addEventListener("submit", submit);
load();
