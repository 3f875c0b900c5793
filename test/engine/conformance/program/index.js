'use strict';
// A program that is data: the file PROGRAM says what to register, in one space or in several that know nothing of each other.
const fs = require('fs');
const pulumi = require('@pulumi/pulumi');
const values = require('./values');

class Thing extends pulumi.dynamic.Resource {
  constructor(provider, name, args, opts, module, type = 'Thing') {
    super(provider, name, { result: undefined, ...args }, opts, module, type);
  }
}

/** Providers of one space. `plain` has no `check` and no `diff`: the engine compares inputs itself. */
function providersOf(space) {
  const provider = {
    check: (olds, news) => require(process.env.PROVIDER)(space).check(olds, news),
    diff: (id, olds, news) => require(process.env.PROVIDER)(space).diff(id, olds, news),
    create: inputs => require(process.env.PROVIDER)(space).create(inputs),
    read: (id, props) => require(process.env.PROVIDER)(space).read(id, props),
    update: (id, olds, news) => require(process.env.PROVIDER)(space).update(id, olds, news),
    delete: (id, props) => require(process.env.PROVIDER)(space).delete(id, props),
  };
  const { create, read, update, delete: remove } = provider;
  return { full: provider, plain: { create, read, update, delete: remove } };
}

function run(space, program) {
  const providers = providersOf(space);
  const made = {};
  const to = values(made);

  const make = ({ kind, name, args, opts, how = {}, outputs }) => {
    const options = to(opts || {});
    if (kind === 'group') {
      const group = new pulumi.ComponentResource(how.type || `${space}:index:Group`, name, to(args || {}), options);
      if (outputs) group.registerOutputs(to(outputs));
      return group;
    }
    if (kind === 'provider') return new pulumi.ProviderResource('pulumi-nodejs', name, to(args || {}), options);
    if (kind === 'raw') return new pulumi.CustomResource(how.type, name, to(args || {}), options);
    const provider = how.plain ? providers.plain : providers.full;
    return new Thing(provider, name, to(args || {}), options, how.module || space, how.type);
  };

  for (const resource of program.resources || []) made[resource.as || resource.name] = make(resource);
  for (const log of program.logs || []) pulumi.log[log.level](log.text, log.on ? made[log.on] : undefined);
  if (program.print) process.stdout.write(program.print);
  if (program.throws) throw new Error(program.throws);
  if (program.rejects) Promise.reject(new Error(program.rejects));
  if (program.exits !== undefined) process.exit(program.exits);
  if (program.hangs) setInterval(() => undefined, 1000);
  const prefix = space === 'test' ? '' : `${space}__`;
  for (const [key, value] of Object.entries(program.outputs || {})) exports[prefix + key] = to(value);
}

for (const [space, program] of Object.entries(JSON.parse(fs.readFileSync(process.env.PROGRAM, 'utf8'))))
  run(space, program);
