// Asks the host for an image, and tells of its making.

import { HostError, events, request, sentence } from "./api.js";

const source = ({ b64_json }) => `data:image/png;base64,${b64_json}`;
const lost = () => new HostError("The connection to the host was lost.");

// Calls `onStep(step, steps)` and `onPreview(source)`; answers { source, seed, size, model }.
export async function generate(body, signal, { onStep, onPreview }) {
  const response = await request("POST", "/v1/images/generations", { body: { ...body, stream: true, progress: true }, signal });
  let image = null;
  try {
    for await (const event of events(response.body)) {
      if (event.error) throw new HostError(sentence(event.error.message), { status: 500, code: event.error.code });
      if (event.type === "image_generation.progress") onStep(event.step, event.steps);
      else if (event.type === "image_generation.partial_image") onPreview(source(event));
      else if (event.type === "image_generation.completed") image = { ...event, source: source(event) };
    }
  } catch (error) {
    if (error instanceof HostError || error.name === "AbortError") throw error;
    throw lost();
  }
  if (!image) throw lost();
  return image;
}

// Saves an image under a name that its prompt gives it.
export async function save({ source: from, prompt, seed }) {
  const words = prompt.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ["image"];
  const link = document.createElement("a");
  link.href = URL.createObjectURL(fromBase64(from.split(",")[1]));
  link.download = `${words.join("-").slice(0, 60)}-${seed}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function fromBase64(text) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return new Blob([bytes], { type: "image/png" });
}
