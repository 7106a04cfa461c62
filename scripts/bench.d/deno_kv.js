// Deno KV behind Deno.serve, as one would write it: the peer for listing keys by prefix.
//
// deno_kv.js load FILE KEYS     fills FILE with ["k00123", "45"] → 100 bytes
// deno_kv.js serve FILE PORT    GET /list/k00123 answers the keys under that prefix, at most 100, as JSON

const BATCH = 1000; // mutations of one atomic commit at most
const [mode, file, number] = Deno.args;
const kv = await Deno.openKv(file);

if (mode === "load") await load(Number(number));
else serve(Number(number));

async function load(keys) {
  const value = "abcdefghijklmnopqrst".repeat(5);
  for (let i = 0; i < keys; i += BATCH) {
    const atomic = kv.atomic();
    for (let j = i; j < Math.min(i + BATCH, keys); j++) {
      const key = "k" + String(j).padStart(7, "0");
      atomic.set([key.slice(0, 6), key.slice(6)], value);
    }
    await atomic.commit();
  }
  kv.close();
}

function serve(port) {
  Deno.serve({ hostname: "127.0.0.1", port, onListen() {} }, async (request) => {
    const group = request.url.slice(request.url.lastIndexOf("/") + 1);
    const items = [];
    for await (const { key, value, versionstamp } of kv.list({ prefix: [group] }, { limit: 100 })) {
      items.push({ key: key.join(""), version: versionstamp, value });
    }
    return Response.json({ items });
  });
}
