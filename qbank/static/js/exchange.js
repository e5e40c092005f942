// The exchange pages: dropping a file, sending a large one in parts, watching a run, printing.

const PART = 4_000_000;

// --- a file to import -------------------------------------------------------------------------------------------

const form = document.querySelector("form[data-upload]");
if (form) watchUpload(form);

function watchUpload(form) {
  const input = form.querySelector("input[type=file]");
  const zone = form.querySelector("[data-drop]");
  const text = form.querySelector("[data-upload-text]");
  const bar = form.querySelector("[data-upload-bar]");
  const button = form.querySelector("button[type=submit]");
  const most = Number(form.dataset.most);
  const part = Number(form.dataset.part) || PART;

  for (const kind of ["dragenter", "dragover"]) {
    zone.addEventListener(kind, (event) => {
      event.preventDefault();
      zone.classList.add("is-over");
    });
  }
  for (const kind of ["dragleave", "drop"]) zone.addEventListener(kind, () => zone.classList.remove("is-over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length === 0) return;
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  input.addEventListener("change", () => {
    const file = input.files[0];
    text.textContent = file ? `${file.name}, ${size(file.size)}` : "";
  });

  form.addEventListener("submit", async (event) => {
    const file = input.files[0];
    button.disabled = true;
    form.setAttribute("aria-busy", "true");
    text.textContent = "Reading the file.";
    if (!file || file.size <= part) return; // small enough for one request
    event.preventDefault();
    try {
      if (file.size > most) throw new Error(`The file is larger than ${size(most)}: split it.`);
      bar.hidden = false;
      form.elements.upload.value = await sendParts(file, part, (share) => {
        bar.value = Math.round(1000 * share);
        text.textContent = `Sending ${file.name}: ${Math.round(100 * share)} %`;
      });
      input.value = ""; // it is there already
      form.submit();
    } catch (error) {
      text.textContent = `The file was not sent. ${error.message} Nothing was imported; try again.`;
      button.disabled = false;
      form.removeAttribute("aria-busy");
    }
  });

  async function sendParts(file, part, tell) {
    const headers = { "X-CSRFToken": form.elements.csrf_token.value, Accept: "application/json" };
    const announced = await ask(form.dataset.upload, {
      method: "POST",
      headers: { ...headers, "Content-Type": "application/json" },
      body: JSON.stringify({ name: file.name, size: file.size }),
    });
    for (let offset = 0; offset < file.size; offset += part) {
      await ask(`${announced.url}?offset=${offset}`, {
        method: "POST",
        headers: { ...headers, "Content-Type": "application/octet-stream" },
        body: file.slice(offset, offset + part),
      });
      tell(Math.min(1, (offset + part) / file.size));
    }
    return announced.token;
  }
}

// Ask three times before giving up: a part sent twice is taken once.
async function ask(url, options) {
  for (let left = 2; ; left -= 1) {
    try {
      const response = await fetch(url, options);
      const body = await response.json().catch(() => ({}));
      if (response.ok) return body;
      if (response.status < 500 || left === 0) throw new Refused(body.cause || `The server answered ${response.status}.`);
    } catch (error) {
      if (error instanceof Refused || left === 0) throw error;
    }
    await new Promise((done) => setTimeout(done, 1000));
  }
}

class Refused extends Error {}

function size(bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

// --- a decision is sent once ------------------------------------------------------------------------------------

for (const once of document.querySelectorAll("form[data-once]")) {
  once.addEventListener("submit", () => {
    once.querySelector("[data-once-text]").textContent = "Working on it.";
    // behind the submission itself, which still needs the button's value
    setTimeout(() => once.querySelectorAll("button").forEach((each) => (each.disabled = true)));
  });
}
window.addEventListener("pageshow", (event) => {
  if (event.persisted) window.location.reload();
});

// --- a run that is under way ------------------------------------------------------------------------------------

const watched = document.querySelector("[data-progress-of]");
if (watched) setTimeout(look, 700);

async function look() {
  try {
    const response = await fetch(watched.dataset.progressOf, { headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error();
    const now = await response.json();
    if (!now.busy) {
      window.location.reload();
      return;
    }
    watched.querySelector("progress").value = now.progress;
    watched.querySelector("[data-progress-text]").textContent = `${Math.round(now.progress / 10)} %`;
  } catch {
    // the next look may succeed
  }
  setTimeout(look, 1000);
}

// --- paper ------------------------------------------------------------------------------------------------------

document.querySelector("[data-print]")?.addEventListener("click", () => window.print());
