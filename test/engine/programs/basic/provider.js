'use strict';
// Things are files in THINGS: `<id>.json`. What is in a thing's `fault` makes its methods fail. Every call is appended to `log`.
const fs = require('fs');
const path = require('path');
const dir = () => process.env.THINGS;
const file = id => path.join(dir(), `${id}.json`);
const note = text => fs.appendFileSync(path.join(dir(), 'log'), `${text}\n`);
const wait = ms => new Promise(resolve => setTimeout(resolve, ms));
const strip = ({ __provider, ...rest }) => rest;

module.exports = {
  async check(olds, news) {
    const failures = news.invalid ? [{ property: 'invalid', reason: 'it says so' }] : [];
    return { inputs: news, failures };
  },
  async diff(id, olds, news) {
    const keys = [...new Set([...Object.keys(olds), ...Object.keys(news)])].filter(
      k =>
        !['__provider', 'result', 'fault', 'waitMs', 'unready', 'deleteFirst'].includes(k) &&
        JSON.stringify(olds[k]) !== JSON.stringify(news[k]),
    );
    return {
      changes: keys.length > 0,
      replaces: keys.filter(k => k.startsWith('force')),
      deleteBeforeReplace: news.deleteFirst === true,
    };
  },
  async create(inputs) {
    note(`create ${inputs.label}`);
    if (inputs.waitMs) await wait(inputs.waitMs);
    if (inputs.fault === 'create') throw new Error(`no luck with ${inputs.label}`);
    if (inputs.fault === 'die') process.exit(3);
    const id = `${inputs.label}-${fs.readdirSync(dir()).length}`;
    fs.writeFileSync(file(id), JSON.stringify(strip(inputs)));
    const outs = { ...inputs, result: `${inputs.label}!` };
    if (inputs.fault === 'init')
      throw Object.assign(new Error('not ready'), { id, properties: outs, reasons: ['it is asleep'] });
    note(`created ${id}`);
    return { id, outs };
  },
  async read(id, props) {
    note(`read ${id}`);
    if (!fs.existsSync(file(id))) return { id: '', props: {} };
    const now = JSON.parse(fs.readFileSync(file(id), 'utf8'));
    return { id, props: { ...props, ...now, result: `${now.label}!` } };
  },
  async update(id, olds, news) {
    note(`update ${id}`);
    if (news.waitMs) await wait(news.waitMs);
    if (news.fault === 'update') throw new Error(`cannot change ${news.label}`);
    fs.writeFileSync(file(id), JSON.stringify(strip(news)));
    return { outs: { ...news, result: `${news.label}!` } };
  },
  async delete(id, props) {
    note(`delete ${id}`);
    if (props.fault === 'delete') throw new Error(`cannot remove ${props.label}`);
    fs.rmSync(file(id), { force: true });
  },
};
