// What a newer OpenAPI document takes away from clients made from an older one. No dependencies.
//
// A request may only become more tolerant, a response only more specific. Names of schemas count: they are class names
// in SDKs. New operations, new optional fields and parameters, new optional response fields, new error statuses and all
// texts are free.

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options'];

/** The breaks, one sentence each; none: every client goes on. */
export function breaks(older, newer) {
  const found = [];
  const say = (where, what) => found.push(`${where}: ${what}`);
  const compare = new Comparison(older, newer, say);
  for (const [path, method, operation] of operations(older)) {
    const where = `${method.toUpperCase()} ${path}`;
    const now = newer.paths[path]?.[method];
    if (now) compare.operation(where, operation, now);
    else say(where, 'the operation is gone');
  }
  return found;
}

function* operations(document) {
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS) if (item[method]) yield [path, method, item[method]];
  }
}

class Comparison {
  #older;
  #newer;
  #say;
  #seen = new Set();

  constructor(older, newer, say) {
    this.#older = older;
    this.#newer = newer;
    this.#say = say;
  }

  operation(where, older, newer) {
    if (older.operationId !== newer.operationId) this.#say(where, `its name is ${newer.operationId}, was ${older.operationId}`);
    this.#security(where, older.security ?? this.#older.security ?? [], newer.security ?? this.#newer.security ?? []);
    this.#parameters(where, older.parameters ?? [], newer.parameters ?? []);
    this.#request(where, older.requestBody, newer.requestBody);
    for (const [status, response] of Object.entries(older.responses)) {
      if (newer.responses[status]) this.#response(`${where} ${status}`, response, newer.responses[status]);
      else this.#say(where, `it no longer answers ${status}`);
    }
    for (const status of Object.keys(newer.responses)) {
      if (status < '400' && !older.responses[status]) this.#say(where, `it answers ${status}, which clients do not know`);
    }
  }

  #security(where, older, newer) {
    const open = [{}];
    const [were, are] = [older, newer].map((ways) => (ways.length ? ways : open).map((way) => Object.keys(way).sort().join(' + ')));
    for (const way of were) {
      if (!are.includes(way)) this.#say(where, way ? `${way} is no longer enough` : 'it needs a credential');
    }
  }

  #parameters(where, older, newer) {
    const name = (parameter) => `${parameter.in} parameter ${parameter.name}`;
    const find = (parameters, wanted) => parameters.find((parameter) => name(parameter) === name(wanted));
    for (const was of older) {
      const is = find(newer, was);
      if (!is) {
        this.#say(where, `the ${name(was)} is gone`);
        continue;
      }
      if (is.required && !was.required) this.#say(where, `the ${name(was)} is required`);
      this.#schema(`${where} ${name(was)}`, was.schema, is.schema, 'request');
    }
    for (const is of newer) {
      if (is.required && !find(older, is)) this.#say(where, `the ${name(is)} is required`);
    }
  }

  #request(where, older, newer) {
    if (!older) {
      if (newer?.required) this.#say(where, 'it needs a body');
      return;
    }
    if (!newer) {
      this.#say(where, 'it takes no body');
      return;
    }
    if (newer.required && !older.required) this.#say(where, 'it needs a body');
    this.#content(`${where} request`, older.content, newer.content, 'request');
  }

  #response(where, older, newer) {
    this.#content(where, older.content ?? {}, newer.content ?? {}, 'response');
    if (!older.content && newer.content) this.#say(where, 'it has a body');
    for (const name of Object.keys(older.headers ?? {})) {
      if (!newer.headers?.[name]) this.#say(where, `the header ${name} is gone`);
    }
  }

  #content(where, older, newer, direction) {
    for (const [type, { schema }] of Object.entries(older)) {
      if (newer[type]) this.#schema(where, schema, newer[type].schema, direction);
      else this.#say(where, `${type} is gone`);
    }
  }

  #schema(where, older, newer, direction) {
    const [was, is] = [this.#follow(older, this.#older), this.#follow(newer, this.#newer)];
    if (was.name !== is.name) this.#say(where, `its schema is called ${is.name ?? 'nothing'}, was ${was.name ?? 'nothing'}`);
    if (was.name) {
      const pair = `${was.name} ${is.name} ${direction}`;
      if (this.#seen.has(pair)) return;
      this.#seen.add(pair);
      where = `${was.name} (${direction})`;
    }
    this.#value(where, was.schema, is.schema, direction);
  }

  /** A schema behind its reference, and the name that it has there. */
  #follow(schema = {}, document) {
    const only = schema.allOf?.length === 1 ? schema.allOf[0] : schema;
    if (!only.$ref) return { schema: only };
    const name = only.$ref.split('/').pop();
    return { name, schema: document.components.schemas[name] };
  }

  #value(where, was, is, direction) {
    const kind = ({ type = 'anything', format }) => [type, format].filter(Boolean).join(' ');
    if (kind(was) !== kind(is)) {
      this.#say(where, `it is ${kind(is)}, was ${kind(was)}`);
      return;
    }
    if (direction === 'request') this.#tighter(where, was, is);
    else this.#looser(where, was, is);
    if (was.items) this.#schema(`${where}[]`, was.items, is.items, direction);
    this.#fields(where, was, is, direction);
  }

  /** A request that was fine must be fine still. */
  #tighter(where, was, is) {
    const bounds = [['maxLength', 1], ['maxItems', 1], ['maximum', 1], ['minLength', -1], ['minItems', -1], ['minimum', -1]];
    for (const [bound, sign] of bounds) {
      const [before, now] = [was[bound], is[bound]].map((value) => (value ?? sign * Infinity) * sign);
      if (now < before) this.#say(where, `${bound} is ${is[bound]}, was ${was[bound] ?? 'unlimited'}`);
    }
    if (is.pattern !== undefined && is.pattern !== was.pattern) this.#say(where, 'it has another pattern');
    if (is.enum) {
      const lost = was.enum ? was.enum.filter((value) => !is.enum.includes(value)) : ['everything else'];
      for (const value of lost) this.#say(where, `${value} is no longer taken`);
    }
    if (was.nullable && !is.nullable) this.#say(where, 'null is no longer taken');
  }

  /** A client that knows the older answer must be able to read the newer. */
  #looser(where, was, is) {
    if (was.enum && !is.enum) this.#say(where, 'it may be anything');
    for (const value of is.enum && was.enum ? is.enum : []) {
      if (!was.enum.includes(value)) this.#say(where, `it may be ${value}, which clients do not know`);
    }
    if (is.nullable && !was.nullable) this.#say(where, 'it may be null');
  }

  #fields(where, was, is, direction) {
    for (const [name, schema] of Object.entries(was.properties ?? {})) {
      const now = is.properties?.[name];
      if (!now) {
        this.#say(where, `the field ${name} is gone`);
        continue;
      }
      const [needed, needs] = [was, is].map(({ required }) => required?.includes(name) ?? false);
      if (direction === 'request' && needs && !needed) this.#say(where, `the field ${name} is required`);
      if (direction === 'response' && needed && !needs) this.#say(where, `the field ${name} may be absent`);
      this.#schema(`${where}.${name}`, schema, now, direction);
    }
    if (direction === 'response') return;
    for (const name of is.required ?? []) {
      if (!was.properties?.[name]) this.#say(where, `the field ${name} is required`);
    }
  }
}
