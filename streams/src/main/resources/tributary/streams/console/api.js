// The server's API, as any client sees it. A key lives in this browser tab and nowhere else.

const KEY = "tributary.key";

export function key() {
  return sessionStorage.getItem(KEY) ?? "";
}

export function keepKey(value) {
  if (value) sessionStorage.setItem(KEY, value);
  else sessionStorage.removeItem(KEY);
}

export class Refused extends Error {
  constructor(status, body) {
    super(body?.error?.message ?? `the server answered ${status}`);
    this.status = status;
    this.code = body?.error?.code ?? null;
  }
}

async function ask(path, options = {}) {
  const headers = { ...options.headers };
  if (key()) headers.authorization = `Bearer ${key()}`;
  const response = await fetch(path, { ...options, headers });
  if (!response.ok) {
    throw new Refused(response.status, await response.json().catch(() => null));
  }
  return response;
}

export const metrics = async () => (await ask("/metrics")).text();
export const models = async () => (await (await ask("/v1/models")).json()).data;

/** The variants that are registered, not configured; for admins. */
export const registered = async () => (await (await ask("/admin/models")).json()).models;

/** Changes a registered variant; `what` is a path behind its name, such as "/drain". */
export function change(method, name, what, body) {
  return ask(`/admin/models/${encodeURIComponent(name)}${what}`, {
    method, body: JSON.stringify(body), headers: { "content-type": "application/json" },
  });
}

/** Whether the node takes requests, and why not. */
export async function readiness() {
  const response = await fetch("/health/ready");
  return { ready: response.ok, reason: (await response.json()).status };
}

/**
 * Streams one answer; yields {text} for each piece and at last {finish, usage}.
 *
 * @param request body of a completion or chat completion, without `stream`
 */
export async function* stream(path, request, signal) {
  const body = JSON.stringify({ ...request, stream: true, stream_options: { include_usage: true } });
  const response = await ask(path, {
    method: "POST", body, signal, headers: { "content-type": "application/json" },
  });
  for await (const data of events(response.body)) {
    if (data === "[DONE]") return;
    const chunk = JSON.parse(data);
    if (chunk.error) throw new Refused(200, chunk);
    const choice = chunk.choices?.[0];
    yield {
      text: choice?.text ?? choice?.delta?.content ?? "",
      finish: choice?.finish_reason ?? null,
      usage: chunk.usage ?? null,
    };
  }
}

/** The data of each server-sent event; comments are skipped. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += value;
      const parts = rest.split("\n\n");
      rest = parts.pop();
      for (const part of parts) {
        const data = part.split("\n").filter((line) => line.startsWith("data:"));
        if (data.length) yield data.map((line) => line.slice(5).trimStart()).join("\n");
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
