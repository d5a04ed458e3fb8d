// Light colouring of code: comments, strings, numbers, keywords. One scanner for all languages,
// with what differs between their families in a table.

import { element } from "./dom.js";

const words = (text) => new Set(text.split(" "));

const C_WORDS = words("auto break case catch class const constexpr continue default delete do double else enum extends extern false final finally float for from func function goto if implements import in inline instanceof int interface let long namespace new nil null nullptr operator override package private protected public return short signed sizeof static struct super switch template this throw throws true try typedef typename typeof undefined union unsigned using var virtual void volatile while yield async await bool char export as of guard actor protocol extension some any where defer mutating init self Self fn impl mut pub match mod trait use crate type loop move ref dyn unsafe go chan map range select fallthrough");
const PYTHON_WORDS = words("False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda match nonlocal not or pass raise return self try while with yield");
const SHELL_WORDS = words("if then else elif fi for while until do done case esac in function return local export set unset echo cd source sudo exit");
const SQL_WORDS = words("select from where and or not null insert into values update set delete create table drop alter index primary key foreign references join left right inner outer on group by order having limit offset as distinct union all case when then else end count sum avg min max like between exists is desc asc with");
const RUBY_WORDS = words("BEGIN END alias and begin break case class def defined do else elsif end ensure false for if in module next nil not or redo rescue retry return self super then true undef unless until when while yield end local function repeat");

const SLASHES = "\\/\\/[^\\n]*|\\/\\*[\\s\\S]*?(?:\\*\\/|$)";
const HASH = "#[^\\n]*";
const STRINGS = "\"(?:\\\\.|[^\"\\\\\\n])*\"?|'(?:\\\\.|[^'\\\\\\n])*'?";
const NUMBER = "\\b(?:0[xXbBoO][\\da-fA-F_]+|\\d[\\d_]*(?:\\.\\d+)?(?:[eE][+-]?\\d+)?)\\b";
const NAME = "[\\p{L}_$@][\\p{L}\\p{N}_$]*";

function family(comment, string, keywords, foldsCase = false) {
  const pattern = new RegExp(`(?<comment>${comment})|(?<string>${string})|(?<number>${NUMBER})|(?<name>${NAME})`, "gu");
  return { pattern, keywords, foldsCase };
}

const C = family(SLASHES, `\`(?:\\\\.|[^\`\\\\])*\`?|"""[\\s\\S]*?(?:"""|$)|${STRINGS}`, C_WORDS);
const PYTHON = family(HASH, `"""[\\s\\S]*?(?:"""|$)|'''[\\s\\S]*?(?:'''|$)|${STRINGS}`, PYTHON_WORDS);
const SHELL = family(`(?<![$\\w{])${HASH}`, STRINGS, SHELL_WORDS);
const SQL = family("--[^\\n]*|\\/\\*[\\s\\S]*?(?:\\*\\/|$)", STRINGS, SQL_WORDS, true);
const RUBY = family(`${HASH}|--[^\\n]*`, STRINGS, RUBY_WORDS);
const DATA = family(HASH, STRINGS, words("true false null yes no on off"));
const JSON_LIKE = family(SLASHES, STRINGS, words("true false null"));
const MARKUP = family("<!--[\\s\\S]*?(?:-->|$)", STRINGS, new Set());
const STYLE = family("\\/\\*[\\s\\S]*?(?:\\*\\/|$)", STRINGS, new Set());

const LANGUAGES = new Map([
  ...["c", "h", "cpp", "c++", "cc", "hpp", "cs", "csharp", "java", "js", "javascript", "jsx", "mjs", "ts", "typescript", "tsx", "swift", "rust", "rs", "go", "kotlin", "kt", "scala", "php", "dart", "zig", "objc"].map((name) => [name, C]),
  ...["py", "python", "python3", "starlark"].map((name) => [name, PYTHON]),
  ...["sh", "bash", "shell", "zsh", "console", "dockerfile", "make", "makefile"].map((name) => [name, SHELL]),
  ...["rb", "ruby", "lua", "elixir"].map((name) => [name, RUBY]),
  ...["yaml", "yml", "toml", "ini", "conf"].map((name) => [name, DATA]),
  ...["html", "xml", "svg"].map((name) => [name, MARKUP]),
  ["sql", SQL], ["json", JSON_LIKE], ["jsonc", JSON_LIKE], ["css", STYLE],
]);

// Longer code stays plain: colouring it at every step of a stream would cost more than it shows.
const LONGEST = 40_000;

export function highlight(code, language) {
  const family = LANGUAGES.get(language);
  if (!family || code.length > LONGEST) return [code];
  const result = [];
  let at = 0;
  for (const match of code.matchAll(family.pattern)) {
    const kind = kindOf(match, family, code);
    if (!kind) continue;
    if (match.index > at) result.push(code.slice(at, match.index));
    result.push(element("span", { class: `hl-${kind}` }, match[0]));
    at = match.index + match[0].length;
  }
  if (at < code.length) result.push(code.slice(at));
  return result;
}

function kindOf(match, family, code) {
  const { comment, string, number, name } = match.groups;
  if (comment) return "comment";
  if (string) return "string";
  if (number) return "number";
  if (family.keywords.has(family.foldsCase ? name.toLowerCase() : name)) return "keyword";
  return code[match.index + name.length] === "(" ? "call" : null;
}
