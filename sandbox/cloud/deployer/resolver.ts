import type { Json, JsonObject, Template } from './template.ts';
import { TemplateError } from './template.ts';

/** What a deployed resource is known by: the value of `Ref`, and of each `Fn::GetAtt`. */
export type Deployed = { ref: string; attributes: Record<string, Json> };

/** Everything intrinsic functions can ask for. */
export type Scope = {
  region: string;
  account: string;
  stackName: string;
  parameters: Record<string, string>;
  conditions: JsonObject;
  resources: ReadonlyMap<string, Deployed>;
};

/** Stands for `AWS::NoValue`: a member or an item with it is left out. */
const NO_VALUE = Symbol('AWS::NoValue');
type Resolved = Json | typeof NO_VALUE;

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function intrinsicOf(value: JsonObject): [string, Json] | null {
  const [entry, ...more] = Object.entries(value);
  if (!entry || more.length > 0) return null;
  return entry[0] === 'Ref' || entry[0] === 'Condition' || entry[0].startsWith('Fn::') ? entry : null;
}

/** Evaluates all intrinsic functions of `value`. Throws TemplateError for what is unknown or unsupported. */
export function resolve(value: Json, scope: Scope): Json {
  const resolved = evaluate(value, scope);
  if (resolved === NO_VALUE) throw new TemplateError('AWS::NoValue stands where a value is needed');
  return resolved;
}

function evaluate(value: Json, scope: Scope): Resolved {
  if (Array.isArray(value)) {
    return value.map((item) => evaluate(item, scope)).filter((item): item is Json => item !== NO_VALUE);
  }
  if (!isObject(value)) return value;
  const intrinsic = intrinsicOf(value);
  if (intrinsic) return call(intrinsic[0], intrinsic[1], scope);
  const kept: JsonObject = {};
  for (const [name, member] of Object.entries(value)) {
    const resolved = evaluate(member, scope);
    if (resolved !== NO_VALUE) kept[name] = resolved;
  }
  return kept;
}

function call(name: string, argument: Json, scope: Scope): Resolved {
  switch (name) {
    case 'Ref':
      return reference(text(argument, 'Ref'), scope);
    case 'Fn::GetAtt':
      return attribute(argument, scope);
    case 'Fn::Sub':
      return substitute(argument, scope);
    case 'Fn::Join': {
      const [separator, parts] = pair(argument, name);
      return list(resolve(parts, scope), name)
        .map((part) => text(part, name))
        .join(text(separator, name));
    }
    case 'Fn::Select': {
      const [index, items] = pair(argument, name);
      const chosen = list(resolve(items, scope), name)[Number(resolve(index, scope))];
      if (chosen === undefined) throw new TemplateError(`Fn::Select finds no item ${JSON.stringify(index)}`);
      return chosen;
    }
    case 'Fn::Split': {
      const [separator, whole] = pair(argument, name);
      return text(resolve(whole, scope), name).split(text(separator, name));
    }
    case 'Fn::If': {
      const [condition, yes, no] = list(argument, name);
      if (yes === undefined || no === undefined) throw new TemplateError('Fn::If needs a condition and two values');
      return evaluate(holds({ Condition: condition ?? null }, scope) ? yes : no, scope);
    }
    default:
      throw new TemplateError(`The sandbox does not know the intrinsic function ${name}`);
  }
}

function reference(name: string, scope: Scope): Resolved {
  const pseudo: Record<string, string> = {
    'AWS::Region': scope.region,
    'AWS::AccountId': scope.account,
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::StackName': scope.stackName,
    'AWS::StackId': `arn:aws:cloudformation:${scope.region}:${scope.account}:stack/${scope.stackName}/sandbox`,
  };
  if (name === 'AWS::NoValue') return NO_VALUE;
  const known = pseudo[name] ?? scope.parameters[name] ?? scope.resources.get(name)?.ref;
  if (known === undefined) throw new TemplateError(`Ref names ${name}, which is neither a parameter nor deployed`);
  return known;
}

function attribute(argument: Json, scope: Scope): Json {
  const dotted = typeof argument === 'string' ? splitAttribute(argument) : list(argument, 'Fn::GetAtt');
  const [resource, name] = dotted.map((part) => text(resolve(part, scope), 'Fn::GetAtt'));
  const deployed = scope.resources.get(resource ?? '');
  const value = deployed?.attributes[name ?? ''];
  if (value === undefined) throw new TemplateError(`Fn::GetAtt: ${resource} has no known attribute ${name}`);
  return value;
}

function splitAttribute(dotted: string): string[] {
  const dot = dotted.indexOf('.');
  return dot < 0 ? [dotted] : [dotted.slice(0, dot), dotted.slice(dot + 1)];
}

function substitute(argument: Json, scope: Scope): string {
  const [template, own]: [Json, Json] = typeof argument === 'string' ? [argument, {}] : pair(argument, 'Fn::Sub');
  if (!isObject(own)) throw new TemplateError('Fn::Sub needs an object of variables');
  return text(template, 'Fn::Sub').replaceAll(/\$\{(!?)([^}]+)\}/g, (_whole, literal: string, name: string) => {
    if (literal) return `\${${name}}`;
    const variable = own[name];
    if (variable !== undefined) return text(resolve(variable, scope), 'Fn::Sub');
    const value = name.includes('.') ? attribute(name, scope) : resolve({ Ref: name }, scope);
    return text(value, `Fn::Sub of ${name}`);
  });
}

/** Evaluates a condition expression (`Fn::Equals`, `Fn::And`, `Fn::Or`, `Fn::Not`, `Condition`). */
export function holds(expression: Json, scope: Scope): boolean {
  const intrinsic = isObject(expression) ? intrinsicOf(expression) : null;
  if (!intrinsic) throw new TemplateError(`${JSON.stringify(expression)} is not a condition`);
  const [name, argument] = intrinsic;
  if (name === 'Condition') {
    const named = scope.conditions[text(argument, name)];
    if (named === undefined) throw new TemplateError(`There is no condition ${JSON.stringify(argument)}`);
    return holds(named, scope);
  }
  const parts = list(argument, name);
  if (name === 'Fn::Equals') return String(resolve(parts[0] ?? '', scope)) === String(resolve(parts[1] ?? '', scope));
  if (name === 'Fn::Not') return !holds(parts[0] ?? null, scope);
  if (name === 'Fn::And') return parts.every((part) => holds(part, scope));
  if (name === 'Fn::Or') return parts.some((part) => holds(part, scope));
  throw new TemplateError(`${name} is not a condition function`);
}

function text(value: Json, where: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new TemplateError(`${where} needs a text, not ${JSON.stringify(value)}`);
}

function list(value: Json, where: string): Json[] {
  if (Array.isArray(value)) return value;
  throw new TemplateError(`${where} needs a list, not ${JSON.stringify(value)}`);
}

function pair(value: Json, where: string): [Json, Json] {
  const [first, second] = list(value, where);
  if (first === undefined || second === undefined) throw new TemplateError(`${where} needs two values`);
  return [first, second];
}

function mentioned(intrinsic: string, argument: Json): string[] {
  if (intrinsic === 'Ref') return [String(argument)];
  if (intrinsic === 'Fn::GetAtt') {
    return [String(typeof argument === 'string' ? splitAttribute(argument)[0] : list(argument, intrinsic)[0])];
  }
  if (intrinsic !== 'Fn::Sub') return [];
  const template = Array.isArray(argument) ? argument[0] : argument;
  return [...String(template).matchAll(/\$\{(?!!)([^}.]+)[^}]*\}/g)].map(([, id]) => id ?? '');
}

/** The logical ids that `value` mentions through Ref, Fn::GetAtt or Fn::Sub; pure. */
export function references(value: Json): Set<string> {
  if (Array.isArray(value)) return new Set(value.flatMap((item) => [...references(item)]));
  if (!isObject(value)) return new Set();
  const entries = Object.entries(value);
  return new Set(entries.flatMap(([name, member]) => [...mentioned(name, member), ...references(member)]));
}

/** Orders the resources of a template so that each comes after those it refers to. Throws TemplateError on a circle. */
export function deploymentOrder(template: Template): string[] {
  const ordered: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const visit = (id: string, trail: string[]): void => {
    if (state.get(id) === 'done') return;
    if (state.get(id) === 'open')
      throw new TemplateError(`Resources depend on each other: ${[...trail, id].join(' -> ')}`);
    state.set(id, 'open');
    const resource = template.Resources[id];
    const explicit = [resource?.DependsOn ?? []].flat();
    const all = [...references(resource?.Properties ?? {}), ...explicit];
    for (const other of all) if (template.Resources[other] && other !== id) visit(other, [...trail, id]);
    state.set(id, 'done');
    ordered.push(id);
  };
  for (const id of Object.keys(template.Resources)) visit(id, []);
  return ordered;
}
