// Unpacks the npm package @sparticuz/chromium: `node unpack.mjs PACKAGE/bin PLACE` makes PLACE/headless-shell, PLACE/lib
// and PLACE/fonts.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";

const [from, place] = process.argv.slice(2);

const unpack = (name, to) => pipeline(createReadStream(join(from, name)), createBrotliDecompress(), to);

await unpack("chromium.br", createWriteStream(join(place, "headless-shell"), { mode: 0o755 }));
// Its libraries, and a font for machines without any.
for (const name of ["al2023.tar.br", "fonts.tar.br"]) {
  const tar = spawn("tar", ["--extract", "--no-same-owner", "--directory", place], { stdio: ["pipe", "inherit", "inherit"] });
  const ended = once(tar, "exit");
  await unpack(name, tar.stdin);
  const [code] = await ended;
  if (code !== 0) throw new Error(`tar of ${name} ended with ${code}`);
}
