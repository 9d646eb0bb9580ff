/**
 * The surface of Apps Script's services, read from the type definitions of `gas-types-detailed`: which methods an
 * object has, what each takes, and the members of enums. The fakes refuse whatever is not in it.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import ts from 'typescript';

const TYPES = path.dirname(createRequire(import.meta.url).resolve('gas-types-detailed/package.json'));

/**
 * @param {string} service such as "card-service" or "url-fetch"
 * @returns {{interfaces: Map<string, Map<string, string[][]>>, returns: Map<string, string>,
 *   enums: Map<string, string[]>, enumsOf: Map<string, Set<string>>}}
 *   `interfaces`: name → method → its overloads, each the types of its parameters;
 *   `returns`: "Name.method" → type; `enumsOf`: name → enums that are its members
 */
export function readSurface(service) {
  if (!read.has(service)) read.set(service, parse(service));
  return read.get(service);
}

const read = new Map();

function parse(service) {
  const file = path.join(TYPES, `google-apps-script.${service}.d.ts`);
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const surface = { interfaces: new Map(), returns: new Map(), enums: new Map(), enumsOf: new Map() };
  const visit = (node) => {
    if (ts.isInterfaceDeclaration(node)) readInterface(node, surface);
    if (ts.isEnumDeclaration(node)) surface.enums.set(node.name.text, namesOf(node.members));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return surface;
}

const namesOf = (members) => members.map((member) => member.name.getText());

function readInterface(node, surface) {
  const kind = node.name.text;
  const methods = new Map();
  const enums = new Set();
  for (const member of node.members) {
    if (ts.isPropertySignature(member)) enums.add(member.name.getText());
    if (!ts.isMethodSignature(member)) continue;
    const name = member.name.getText();
    const types = member.parameters.map((parameter) => parameter.type.getText());
    methods.set(name, [...(methods.get(name) ?? []), types]);
    surface.returns.set(`${kind}.${name}`, member.type.getText());
  }
  surface.interfaces.set(kind, methods);
  surface.enumsOf.set(kind, enums);
}
