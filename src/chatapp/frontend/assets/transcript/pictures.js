// Small copies of pictures that went along with questions. They are fetched, as an address of their own would have to
// carry the token that shows whose they are.
const MOST_KEPT = 200;

const copies = new Map();

export function drawPictures(place, token) {
  for (const image of place.querySelectorAll("img[data-picture]")) draw(image, token);
}

async function draw(image, token) {
  const id = image.dataset.picture;
  const copy = copies.get(id) ?? fetched(id, token);
  copies.set(id, copy);
  const address = await copy;
  if (address) image.src = address;
  else {
    image.remove();
    copies.delete(id);
  }
  forget();
}

async function fetched(id, token) {
  try {
    const response = await fetch(`./app/picture?id=${encodeURIComponent(id)}`, { headers: { "X-Transcript": token } });
    return response.ok ? URL.createObjectURL(await response.blob()) : null;
  } catch {
    return null;
  }
}

function forget() {
  for (const [id, copy] of copies) {
    if (copies.size <= MOST_KEPT) return;
    copies.delete(id);
    copy.then((address) => address && URL.revokeObjectURL(address));
  }
}
