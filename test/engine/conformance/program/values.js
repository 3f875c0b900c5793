'use strict';
// What a program's data stands for: `$name.key` is an output, `{secret: x}` a secret, and so on.
const pulumi = require('@pulumi/pulumi');

const FLOATS = { NaN, Infinity, '-Infinity': -Infinity, '-0': -0 };

const references = {};
const stackReference = name => (references[name] ??= new pulumi.StackReference(name));

const forms = {
  secret: (value, to) => pulumi.secret(to(value)),
  unsecret: (value, to) => pulumi.unsecret(to(value)),
  config: value => new pulumi.Config().get(value),
  configSecret: value => new pulumi.Config().getSecret(value),
  configObject: value => new pulumi.Config().getObject(value),
  configNumber: value => new pulumi.Config().getNumber(value),
  configSecretObject: value => new pulumi.Config().getSecretObject(value),
  float: value => FLOATS[value],
  large: value => 'x'.repeat(value),
  all: (value, to) => pulumi.all(value.map(to)).apply(parts => parts.join('+')),
  upper: (value, to) => pulumi.output(to(value)).apply(text => String(text).toUpperCase()),
  text: value => new pulumi.asset.StringAsset(value),
  file: value => new pulumi.asset.FileAsset(value),
  remote: value => new pulumi.asset.RemoteAsset(value),
  folder: value => new pulumi.asset.FileArchive(value),
  archive: (value, to) => new pulumi.asset.AssetArchive(to(value)),
  stackOutput: ([stack, name]) => stackReference(stack).getOutput(name),
  requireStackOutput: ([stack, name]) => stackReference(stack).requireOutput(name),
  deep: value => JSON.parse('{"a":'.repeat(value) + '1' + '}'.repeat(value)),
  undefinedValue: () => undefined,
  rootStack: () => pulumi.rootStackResource,
  preview: () => pulumi.runtime.isDryRun(),
  names: () => `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`,
};

/** A function that turns data into values, given what was made so far by name. */
module.exports = made => {
  const to = value => {
    if (typeof value === 'string' && value.startsWith('$')) {
      const [name, ...keys] = value.slice(1).split('.');
      return keys.reduce((at, key) => at[key], made[name]);
    }
    if (Array.isArray(value)) return value.map(to);
    if (!value || typeof value !== 'object') return value;
    const [key, ...more] = Object.keys(value);
    if (more.length === 0 && key in forms) return forms[key](value[key], to);
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, to(v)]));
  };
  return to;
};
