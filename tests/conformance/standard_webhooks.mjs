// Receives webhooks and lets the reference library verify them:
//   node standard_webhooks.mjs verified:SECRET refused:SECRET tampered:SECRET …
// One request for each expectation, in order. "tampered" changes the body before it is verified, and expects a
// refusal. Prints its URL first, then what came of each; exit status 1 when one is not as expected.
import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const expectations = process.argv.slice(2).map((text) => {
  const [verdict, secret] = text.split(":");
  return { verdict, secret };
});
let failures = 0;
let done = 0;

function judge({ verdict, secret }, body, headers) {
  const received = verdict === "tampered" ? body.replace("{", "{ ") : body;
  try {
    new Webhook(secret).verify(received, headers);
  } catch (error) {
    return { right: verdict !== "verified", text: `refused: ${error.message}` };
  }
  return { right: verdict === "verified", text: "verified" };
}

const server = createServer(async (request, response) => {
  request.setEncoding("utf8");
  let body = "";
  for await (const piece of request) body += piece;
  const expected = expectations[done++];
  const { right, text } = judge(expected, body, request.headers);
  if (!right) failures += 1;
  console.log(`${done} ${expected.verdict}: ${right ? "as expected" : "NOT AS EXPECTED"}: ${text}`);
  response.writeHead(204).end(() => {
    if (done === expectations.length) process.exit(failures === 0 ? 0 : 1);
  });
});

server.listen(0, "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${server.address().port}/`));
setTimeout(() => {
  console.log(`only ${done} of ${expectations.length} webhooks came`);
  process.exit(1);
}, 60_000).unref();
