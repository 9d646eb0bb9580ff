/**
 * A strict CardService: knows exactly the methods of the real one, checks the number and types of arguments, refuses
 * what Gmail would refuse when it shows the card, and remembers every call so that `card-json.mjs` can read it back.
 */
import { readSurface } from './surface.mjs';

const SURFACE = readSurface('card-service');

/** Base classes of the reference, which the type definitions leave out, and what may stand for them. */
const BASES = {
  Button: ['TextButton', 'ImageButton'],
  Widget: [
    'ButtonSet',
    'Columns',
    'DatePicker',
    'DecoratedText',
    'Divider',
    'Image',
    'SelectionInput',
    'TextInput',
    'TextParagraph',
  ],
};

const KIND = Symbol('kind');
const CALLS = Symbol('calls');

/** @returns {string | undefined} the class of a fake object; undefined for anything else */
export const kindOf = (value) => (value === null || typeof value !== 'object' ? undefined : value[KIND]);

/** @returns {[string, unknown[]][]} the calls that built a fake object, in order */
export const callsOf = (value) => value[CALLS];

export function newCardService() {
  return create('CardService', []);
}

function create(kind, calls) {
  const methods = SURFACE.interfaces.get(kind);
  return new Proxy(
    { [KIND]: kind, [CALLS]: calls },
    {
      get(target, name, receiver) {
        if (typeof name === 'symbol') return target[name];
        if (methods.has(name)) return (...args) => call(kind, name, args, calls, receiver);
        if (SURFACE.enumsOf.get(kind).has(name)) return enumOf(name);
        throw new TypeError(`${kind}.${name} does not exist`);
      },
      set(_, name) {
        throw new TypeError(`${kind}.${String(name)} cannot be set`);
      },
    },
  );
}

function call(kind, name, args, calls, receiver) {
  const overloads = SURFACE.interfaces.get(kind).get(name);
  if (!overloads.some((types) => fits(args, types))) {
    throw new TypeError(`${kind}.${name}(${args.map(describe)}) takes (${overloads.join(') or (')})`);
  }
  if (args.some((arg) => typeof arg === 'string' && !arg.trim())) throw new TypeError(`${kind}.${name}: empty text`);
  calls.push([name, args]);
  const returned = SURFACE.returns.get(`${kind}.${name}`);
  if (returned === kind) return receiver;
  return create(returned, name === 'build' ? calls : []);
}

const fits = (args, types) => args.length === types.length && args.every((arg, index) => isA(arg, types[index]));

function isA(value, type) {
  if (SURFACE.enums.has(type)) return typeof value === 'string' && value.startsWith(`${type}.`);
  if (SURFACE.interfaces.has(type)) return kindOf(value) === type || (BASES[type] ?? []).includes(kindOf(value));
  if (type === 'Integer') return Number.isInteger(value);
  if (type.endsWith('[]')) return Array.isArray(value) && value.every((item) => isA(item, type.slice(0, -2)));
  return type === 'any' ? value !== undefined && value !== null : typeof value === type;
}

function enumOf(name) {
  const members = Object.fromEntries(SURFACE.enums.get(name).map((member) => [member, `${name}.${member}`]));
  return new Proxy(members, {
    get(target, member) {
      if (!(member in target)) throw new TypeError(`CardService.${name}.${String(member)} does not exist`);
      return target[member];
    },
  });
}

const describe = (value) => kindOf(value) ?? (value === null ? 'null' : typeof value);
