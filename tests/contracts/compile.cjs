// Compiles each Solidity source beside this file, and writes each contract as OUT/NAME.json: {abi, bytecode, runtime}.
// Multicall3 comes from viem, which ships the byte code that creates it.
//
// NODE_PATH=PLACE/node_modules node compile.cjs OUT
"use strict";
const fs = require("fs");
const path = require("path");
const solc = require("solc");
// Not among the package's exports, so by its path.
const { multicall3Bytecode } = require(path.join(path.dirname(require.resolve("viem")), "constants/contracts.js"));

const out = process.argv[2];
const names = fs.readdirSync(__dirname).filter((name) => name.endsWith(".sol"));
const sources = Object.fromEntries(
  names.map((name) => [name, { content: fs.readFileSync(path.join(__dirname, name), "utf8") }]),
);
const selection = ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"];
const settings = {
  optimizer: { enabled: true, runs: 200 },
  evmVersion: "cancun",
  outputSelection: { "*": { "*": selection } },
};
const output = JSON.parse(solc.compile(JSON.stringify({ language: "Solidity", sources, settings })));
const errors = (output.errors ?? []).filter((error) => error.severity === "error");
if (errors.length > 0) {
  errors.forEach((error) => console.error(error.formattedMessage));
  process.exit(1);
}

fs.mkdirSync(out, { recursive: true });
const write = (name, contract) => fs.writeFileSync(path.join(out, `${name}.json`), JSON.stringify(contract));
for (const contracts of Object.values(output.contracts ?? {})) {
  for (const [name, { abi, evm }] of Object.entries(contracts)) {
    if (evm.bytecode.object !== "") {
      write(name, { abi, bytecode: `0x${evm.bytecode.object}`, runtime: `0x${evm.deployedBytecode.object}` });
    }
  }
}
write("Multicall3", { abi: [], bytecode: multicall3Bytecode });
