// Parses PowerShell scripts with tree-sitter's grammar, and fails at the first
// place that is no PowerShell: node check.mjs script.ps1 …
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Language, Parser } from "web-tree-sitter";

await Parser.init();
const grammar = import.meta.resolve("tree-sitter-powershell/tree-sitter-powershell.wasm");
const parser = new Parser();
parser.setLanguage(await Language.load(fileURLToPath(grammar)));

const broken = (node) =>
  node.isError || node.isMissing ? node : node.children.map(broken).find((found) => found !== undefined);

for (const file of process.argv.slice(2)) {
  const tree = parser.parse(readFileSync(file, "utf8"));
  if (tree.rootNode.hasError) {
    const { row, column } = (broken(tree.rootNode) ?? tree.rootNode).startPosition;
    console.error(`${file}:${row + 1}:${column + 1}: this is no PowerShell`);
    process.exit(1);
  }
}
