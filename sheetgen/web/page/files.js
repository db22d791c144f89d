// What was dropped or chosen, as {name, file}: folders are searched as the command does it, and none is read yet.

const WORKBOOK = /\.xls[xm]$/i;

/** Whether a path in a folder is a workbook that is not hidden, and no lock file of Excel's. */
function wanted(path) {
  const parts = path.split("/");
  return WORKBOOK.test(path) && !parts.some((part) => part.startsWith(".")) && !parts.at(-1).startsWith("~$");
}

function before(a, b) { // as Python sorts paths: part by part
  const [x, y] = [a.name.split("/"), b.name.split("/")];
  const k = x.findIndex((part, i) => part !== y[i]);
  return k < 0 ? x.length - y.length : y[k] === undefined ? 1 : x[k] < y[k] ? -1 : 1;
}

/** The files of an <input>: those of a folder have a path. */
export function chosen(input) {
  const files = [...input.files].map((file) => ({ name: file.webkitRelativePath || file.name, file }));
  input.value = ""; // so that the same file can be chosen again
  const inside = files.filter(({ file }) => file.webkitRelativePath);
  if (!inside.length) return files;
  const found = inside.filter(({ name }) => wanted(name.slice(name.indexOf("/") + 1))).sort(before);
  return found.length ? found : [{ name: inside[0].name.split("/")[0], file: null }];
}

/** The files of a drop, those in folders too; a folder without any is {name, file: null}. */
export async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean); // before the first await
  if (!entries.length) return [...transfer.files].map((file) => ({ name: file.name, file }));
  const found = [];
  for (const entry of entries) {
    if (entry.isFile) found.push(await opened(entry, entry.name));
    else {
      const inside = (await within(entry, entry.name)).sort(before);
      found.push(...(inside.length ? inside : [{ name: entry.name, file: null }]));
    }
  }
  return found;
}

async function within(folder, path) {
  const reader = folder.createReader();
  const found = [];
  for (;;) { // it gives a hundred at a time, and nothing at the end
    const entries = await new Promise((resolve) => reader.readEntries(resolve, () => resolve(null)));
    if (!entries) return [...found, { name: path, file: undefined }]; // it may not be looked into
    if (!entries.length) return found;
    for (const entry of entries) {
      const name = `${path}/${entry.name}`;
      if (entry.isDirectory && !entry.name.startsWith(".")) found.push(...(await within(entry, name)));
      else if (entry.isFile && wanted(entry.name)) found.push(await opened(entry, name));
    }
  }
}

function opened(entry, name) {
  return new Promise((resolve) => entry.file((file) => resolve({ name, file }), () => resolve({ name, file: undefined })));
}
