// Unpacks the npm package @sparticuz/chromium: `node unpack.mjs PACKAGE/bin PLACE` makes PLACE/headless-shell, PLACE/lib
// and PLACE/fonts.

import { execFileSync } from "node:child_process";
import { createReadStream, createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";

const [from, place] = process.argv.slice(2);

async function unpack(name, file, mode) {
  const [packed, unpacked] = [createReadStream(join(from, name)), createWriteStream(join(place, file), { mode })];
  await pipeline(packed, createBrotliDecompress(), unpacked);
}

await unpack("chromium.br", "headless-shell", 0o755);
// Its libraries, and a font for machines without any.
for (const name of ["al2023", "fonts"]) {
  const archive = `${name}.tar`;
  await unpack(`${archive}.br`, archive, 0o644);
  execFileSync("tar", ["--extract", "--no-same-owner", "--file", archive], { cwd: place, stdio: "inherit" });
  await rm(join(place, archive));
}
