'use strict';
// Programs that hand functions to the engine: transforms, hooks, triggers. CASE names the one; ROUND is what changes between runs.
const pulumi = require('@pulumi/pulumi');
const fs = require('fs');
const path = require('path');

const provider = {
  async check(olds, news) {
    return require('../basic/provider').check(olds, news);
  },
  async diff(id, olds, news) {
    return require('../basic/provider').diff(id, olds, news);
  },
  async create(inputs) {
    return require('../basic/provider').create(inputs);
  },
  async update(id, olds, news) {
    return require('../basic/provider').update(id, olds, news);
  },
  async delete(id, props) {
    return require('../basic/provider').delete(id, props);
  },
};
class Thing extends pulumi.dynamic.Resource {
  constructor(name, args, opts) {
    super(provider, name, { result: undefined, label: name, ...args }, opts, 'test', 'Thing');
  }
}
class Group extends pulumi.ComponentResource {
  constructor(name, args, opts) {
    super('test:index:Group', name, args, opts);
  }
}
const round = Number(process.env.ROUND || 1);
const note = text => fs.appendFileSync(path.join(process.env.THINGS, 'log'), `${text}\n`);

const cases = {
  transforms() {
    pulumi.runtime.registerResourceTransform(({ type, props, opts }) =>
      type.endsWith('Thing') ? { props: { ...props, everywhere: 'stack' }, opts } : undefined,
    );
    const tag = word => ({
      transforms: [
        ({ props, opts }) => ({ props: { ...props, [word]: 'yes', order: `${props.order || ''}${word};` }, opts }),
      ],
    });
    const group = new Group('group', {}, tag('fromParent'));
    const first = new Thing('first', {}, { parent: group, ...tag('own') });
    new Thing(
      'second',
      { from: first.result, secret: pulumi.secret('hush') },
      {
        transforms: [({ props, opts }) => ({ props, opts: { ...opts, protect: true, ignoreChanges: ['ignored'] } })],
      },
    );
    // A transform of its own that says nothing.
    new Thing('third', { from: first.result }, { transforms: [() => undefined] });
  },
  failing() {
    new Thing(
      'bad',
      {},
      {
        transforms: [
          () => {
            throw new Error('it does not like it');
          },
        ],
      },
    );
  },
  invokes() {
    pulumi.runtime.registerInvokeTransform(({ token, args, opts }) => {
      note(`invoke ${token}`);
      return { args: { ...args, name: 'organization/functions/other' }, opts };
    });
    return pulumi.runtime
      .invoke('pulumi:pulumi:readStackOutputs', { name: 'nowhere' })
      .then(({ outputs }) => ({ read: outputs.word }));
  },
  hooks() {
    const say = type =>
      new pulumi.ResourceHook(
        `say-${type}`,
        args =>
          note(
            `${type} ${args.name} ${args.newInputs?.size ?? '-'} ${args.newOutputs?.result ?? '-'} ${args.oldInputs?.size ?? '-'}`,
          ),
        { onDryRun: type === 'beforeCreate' },
      );
    const hooks = {};
    for (const type of ['beforeCreate', 'afterCreate', 'beforeUpdate', 'afterUpdate', 'beforeDelete', 'afterDelete']) {
      hooks[type] = [say(type)];
    }
    if (round < 3) new Thing('hooked', { size: round }, { hooks });
  },
  failingHook() {
    const hook = new pulumi.ResourceHook(`refuse`, () => {
      throw new Error('not on a Friday');
    });
    if (round === 1) new Thing('never', {}, { hooks: { beforeCreate: [hook] } });
    else new Thing('there', {}, { hooks: { afterCreate: [hook] } });
  },
  errorHooks() {
    let tries = 0;
    const again = new pulumi.ErrorHook('again', args => {
      note(`error ${args.failedOperation} ${args.errors.length}`);
      tries += 1;
      return tries < 3;
    });
    new Thing('reluctant', { fault: 'create' }, { hooks: { onError: [again] } });
  },
  replacing() {
    const first = new Thing('first', { force: round });
    new Thing('with', {}, { replaceWith: [first] });
    new Thing('triggered', {}, { replacementTrigger: { version: round < 2 ? 1 : round } });
  },
  mapped() {
    new pulumi.ProviderResource('pulumi-nodejs', 'mapped', {}, { envVarMappings: { MINE: 'THEIRS' } });
  },
  method() {
    const group = new Group('group', {});
    return { said: pulumi.runtime.call('test:index:Group/say', {}, group) };
  },
};
module.exports = cases[process.env.CASE]();
