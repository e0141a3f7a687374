// Pictures before they are sent: no larger than is of use, and without what a camera writes into them besides.

const LONGEST = 2048;

/** A picture file as a JPEG without metadata, its longer side at most LONGEST pixels; as it is where this browser cannot read it. */
export async function prepared(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, {imageOrientation: 'from-image'});
  } catch {
    return file;
  }
  const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
  const small = scale === 1 && bitmap.width * bitmap.height <= 1024 * 1024;
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const pen = canvas.getContext('2d');
  pen.imageSmoothingQuality = 'high';
  if (!small) {  // JPEG has no transparency
    pen.fillStyle = '#fff';
    pen.fillRect(0, 0, canvas.width, canvas.height);
  }
  pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return new Promise(resolve => canvas.toBlob(resolve, small ? 'image/png' : 'image/jpeg', 0.95));
}

/** A picture as a text, for a storage that keeps nothing else; '' for none. */
export const asText = picture => picture === null ? '' : new Promise((resolve, reject) => {
  const reader = new FileReader();
  reader.onload = () => resolve(reader.result);
  reader.onerror = () => reject(reader.error);
  reader.readAsDataURL(picture);
});

/** The picture of such a text; null for ''. */
export function fromText(text) {
  if (!text) return null;
  const [head, content] = text.split(',');
  return new Blob([Uint8Array.from(atob(content), letter => letter.charCodeAt(0))], {type: head.slice('data:'.length, head.indexOf(';'))});
}
