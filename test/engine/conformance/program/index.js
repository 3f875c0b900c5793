'use strict';
// A program that is data: the file PROGRAM says what to register.
const fs = require('fs');
const pulumi = require('@pulumi/pulumi');
const values = require('./values');

const provider = {
  check: (olds, news) => require(process.env.PROVIDER).check(olds, news),
  diff: (id, olds, news) => require(process.env.PROVIDER).diff(id, olds, news),
  create: inputs => require(process.env.PROVIDER).create(inputs),
  read: (id, props) => require(process.env.PROVIDER).read(id, props),
  update: (id, olds, news) => require(process.env.PROVIDER).update(id, olds, news),
  delete: (id, props) => require(process.env.PROVIDER).delete(id, props),
};
// Without `check` and `diff` the engine compares inputs itself.
const { create, read, update, delete: remove } = provider;
const plain = { create, read, update, delete: remove };

class Thing extends pulumi.dynamic.Resource {
  constructor(name, args, opts, how = {}) {
    super(how.plain ? plain : provider, name, { result: undefined, ...args }, opts, how.module || 'test', how.type || 'Thing');
  }
}
class Group extends pulumi.ComponentResource {
  constructor(name, args, opts, how = {}) {
    super(how.type || 'test:index:Group', name, args, opts);
  }
}

const program = JSON.parse(fs.readFileSync(process.env.PROGRAM, 'utf8'));
const made = {};
const to = values(made);

function make({ kind, name, args, opts, how, outputs }) {
  const options = to(opts || {});
  if (kind === 'group') {
    const group = new Group(name, to(args || {}), options, how);
    if (outputs) group.registerOutputs(to(outputs));
    return group;
  }
  if (kind === 'provider') return new pulumi.ProviderResource('pulumi-nodejs', name, to(args || {}), options);
  if (kind === 'raw') return new pulumi.CustomResource(how.type, name, to(args || {}), options);
  return new Thing(name, to(args || {}), options, how);
}

for (const resource of program.resources || []) made[resource.as || resource.name] = make(resource);
for (const log of program.logs || []) pulumi.log[log.level](log.text, log.on ? made[log.on] : undefined);
if (program.print) process.stdout.write(program.print);
if (program.throws) throw new Error(program.throws);
if (program.rejects) Promise.reject(new Error(program.rejects));
if (program.exits !== undefined) process.exit(program.exits);
if (program.hangs) setInterval(() => undefined, 1000);
for (const [key, value] of Object.entries(program.outputs || {})) exports[key] = to(value);
