'use strict';
// Things are files in a folder per space: `<id>.json`, with IDs that count the things of one label. A thing's inputs say how its methods behave:
// `fault` names the method that fails, keys that begin with `force` cause a replacement, `deleteFirst` has the old one deleted first.
const fs = require('fs');
const path = require('path');
const settings = ['__provider', 'result', 'fault', 'deleteFirst', 'reasons'];
const strip = ({ __provider, ...rest }) => rest;

function outsOf(inputs) {
  return { ...inputs, result: `${inputs.label}!` };
}

function initFailure(id, inputs, message) {
  return Object.assign(new Error(message), { id, properties: outsOf(inputs), reasons: inputs.reasons || [message] });
}

module.exports = space => {
  const folder = path.join(process.env.THINGS, space);
  fs.mkdirSync(folder, { recursive: true });
  const at = name => path.join(folder, name);
  const note = text => fs.appendFileSync(at('calls.log'), `${text}\n`);
  const nextId = label => {
    const taken = fs.readdirSync(folder).filter(name => name.startsWith(`${label}-`));
    return `${label}-${taken.length + 1}`;
  };
  return {
    async check(olds, news) {
      note(`check ${news.label}`);
      if (news.fault === 'check') return { inputs: news, failures: [{ property: 'fault', reason: 'not that' }] };
      if (news.fault === 'check-throws') throw new Error(`cannot check ${news.label}`);
      return { inputs: news.checked ? { ...news, checked: 'by the provider' } : news };
    },
    async diff(id, olds, news) {
      note(`diff ${id}`);
      if (news.fault === 'diff') throw new Error(`cannot compare ${news.label}`);
      const keys = [...new Set([...Object.keys(olds), ...Object.keys(news)])].filter(
        key => !settings.includes(key) && JSON.stringify(olds[key]) !== JSON.stringify(news[key]),
      );
      return {
        changes: keys.length > 0,
        replaces: keys.filter(key => key.startsWith('force')),
        deleteBeforeReplace: news.deleteFirst === true,
      };
    },
    async create(inputs) {
      note(`create ${inputs.label}`);
      if (inputs.fault === 'create') throw new Error(`cannot create ${inputs.label}`);
      if (inputs.fault === 'die') process.exit(3);
      const id = inputs.fault === 'empty-id' ? '' : nextId(inputs.label);
      if (id !== '') fs.writeFileSync(at(`${id}.json`), JSON.stringify(strip(inputs)));
      if (inputs.fault === 'create-init') throw initFailure(id, inputs, `${inputs.label} is not ready`);
      return { id, outs: inputs.fault === 'no-outs' ? undefined : outsOf(inputs) };
    },
    async read(id, props) {
      note(`read ${id}`);
      if (!fs.existsSync(at(`${id}.json`))) return { id: '', props: {} };
      const now = JSON.parse(fs.readFileSync(at(`${id}.json`), 'utf8'));
      if (now.fault === 'read') throw new Error(`cannot read ${id}`);
      if (now.gone) return { id: '', props: {} };
      return { id, props: { ...props, ...outsOf(now) } };
    },
    async update(id, olds, news) {
      note(`update ${id}`);
      if (news.fault === 'update') throw new Error(`cannot update ${news.label}`);
      fs.writeFileSync(at(`${id}.json`), JSON.stringify(strip(news)));
      if (news.fault === 'update-init') throw initFailure(id, news, `${news.label} is not ready`);
      return { outs: outsOf(news) };
    },
    async delete(id, props) {
      note(`delete ${id}`);
      if (fs.existsSync(at('undeletable')) || props.fault === 'delete') throw new Error(`cannot delete ${id}`);
      // The file stays, so that IDs are not used twice.
      fs.writeFileSync(at(`${id}.json`), JSON.stringify({ gone: true }));
    },
  };
};
