"use strict";
// A page of an app asks: "CLIENT_ID SESSION_STATE". The answer is one word, and no question causes a request.
const cookie = document.documentElement.dataset.cookie + "=";
const shape = /^(\S{1,1024}) ([\w-]{43})\.([\w-]{16,64})$/;
const above = location.ancestorOrigins;
const room = 8;
let asked = 0;

const browserState = () =>
  document.cookie
    .split("; ")
    .find((pair) => pair.startsWith(cookie))
    ?.slice(cookie.length) ?? "";

async function hashOf(text) {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace("=", "");
}

async function judge(origin, question) {
  const parts = typeof question === "string" ? shape.exec(question) : null;
  // Where the browser keeps cookies from frames, "changed" would be a guess, and apps would ask the server again and again.
  if (!parts || !globalThis.crypto?.subtle || (document.hasStorageAccess && !(await document.hasStorageAccess()))) return "error";
  const [, client, expected, salt] = parts;
  return (await hashOf(`${client} ${origin} ${browserState()} ${salt}`)) === expected ? "unchanged" : "changed";
}

addEventListener("message", async (event) => {
  // Who asks must be a page around this frame, or beside it in such a page; where the browser does not say who that is, the hash alone decides.
  if (!event.source || event.source === window || event.origin === "null" || (above && !above.contains(event.origin))) return;
  if (asked >= room) return;
  asked++;
  try {
    event.source.postMessage(await judge(event.origin, event.data), event.origin);
  } finally {
    asked--;
  }
});
