// Passkeys: shown where the browser knows them; what the device answers is posted like a form.
const knows = typeof globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON === "function";
for (const place of document.querySelectorAll("[data-passkey]")) place.hidden = !knows;
for (const told of document.querySelectorAll("[data-passkey-absent]")) told.hidden = knows;

async function posted(address, fields) {
  const answer = await fetch(address, { method: "POST", body: new URLSearchParams(fields) });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

async function credentialFor(options) {
  if ("user" in options) {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
    return navigator.credentials.create({ publicKey });
  }
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return navigator.credentials.get({ publicKey });
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-passkey] button");
  if (!button) return;
  const place = button.closest("[data-passkey]");
  const told = place.querySelector("[data-told]");
  const address = place.dataset.passkey;
  const csrf = place.dataset.csrf ?? "";
  told.textContent = "";
  button.disabled = true;
  try {
    const options = await posted(place.dataset.options ?? `${address}/options`, { csrf });
    const credential = await credentialFor(options);
    const answer = JSON.stringify(credential.toJSON());
    const name = place.querySelector("input")?.value ?? "";
    const next = place.dataset.next ?? "";
    const done = await posted(address, { csrf, answer, name, next });
    globalThis.location.assign(done.next);
  } catch {
    told.textContent = place.dataset.failed;
    button.disabled = false;
  }
});
