'use strict';
// A program whose shape comes from a JSON file named by SCENARIO: resources of a dynamic type that keeps its objects as files.
const pulumi = require('@pulumi/pulumi');
const fs = require('fs');

const provider = {
  async check(olds, news) {
    return require('./provider').check(olds, news);
  },
  async diff(id, olds, news) {
    return require('./provider').diff(id, olds, news);
  },
  async create(inputs) {
    return require('./provider').create(inputs);
  },
  async read(id, props) {
    return require('./provider').read(id, props);
  },
  async update(id, olds, news) {
    return require('./provider').update(id, olds, news);
  },
  async delete(id, props) {
    return require('./provider').delete(id, props);
  },
};
class Thing extends pulumi.dynamic.Resource {
  constructor(name, args, opts) {
    super(provider, name, { result: undefined, ...args }, opts, 'test', 'Thing');
  }
}
class Group extends pulumi.ComponentResource {
  constructor(name, args, opts) {
    super('test:index:Group', name, args, opts);
  }
}
const scenario = JSON.parse(fs.readFileSync(process.env.SCENARIO, 'utf8'));
const made = {};
const resolve = value => {
  if (typeof value === 'string' && value.startsWith('$')) {
    const [name, key] = value.slice(1).split('.');
    return key === undefined ? made[name] : made[name][key];
  }
  if (value && typeof value === 'object' && 'secret' in value) return pulumi.secret(resolve(value.secret));
  if (value && typeof value === 'object' && 'config' in value) {
    const config = new pulumi.Config(value.ns);
    return value.isSecret ? config.requireSecret(value.config) : config.require(value.config);
  }
  if (value && typeof value === 'object' && 'asset' in value) return new pulumi.asset.StringAsset(value.asset);
  if (value && typeof value === 'object' && 'stackRef' in value) {
    return new pulumi.StackReference(value.stackRef).getOutput(value.output);
  }
  if (Array.isArray(value)) return value.map(resolve);
  if (value && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, resolve(v)]));
  return value;
};
for (const r of scenario.resources || []) {
  const opts = {};
  for (const [k, v] of Object.entries(r.opts || {})) opts[k] = resolve(v);
  if (r.component) {
    made[r.name] = new Group(r.name, {}, opts);
    if (r.outputs) made[r.name].registerOutputs(resolve(r.outputs));
  } else {
    made[r.name] = new Thing(r.name, resolve(r.args || {}), opts);
  }
}
if (scenario.print) console.log(scenario.print);
if (scenario.hangs) setInterval(() => undefined, 1000);
if (scenario.throws) throw new Error(scenario.throws);
if (scenario.exits !== undefined) process.exit(scenario.exits);
for (const [k, v] of Object.entries(scenario.outputs || {})) exports[k] = resolve(v);
