'use strict';
// Loaded before the engine in a process of its own (`--require`): ends it as kill -9 does, before or after the n-th of its state
// writes and provider calls. CRASH_LOG gets a line for each of them; CRASH_AT counts from 1 (absent: only the log), CRASH_WHEN is
// `before` or `after`.
const fs = require('node:fs');
const fsp = require('node:fs/promises');
const { ResourceProviderClient } = require('@pulumi/pulumi/proto/provider_grpc_pb');

const at = Number(process.env.CRASH_AT ?? 0);
const when = process.env.CRASH_WHEN ?? 'before';
let count = 0;

function die() {
  process.kill(process.pid, 'SIGKILL');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

function before(name) {
  count += 1;
  fs.appendFileSync(process.env.CRASH_LOG, `${name}\n`);
  if (count === at && when === 'before') die();
  return count;
}

function after(number) {
  if (number === at && when === 'after') die();
}

const rename = fsp.rename;
fsp.rename = async (from, to) => {
  if (!/[\\/]stacks[\\/].*\.json$/.test(String(to))) return rename(from, to);
  const number = before('checkpoint');
  await rename(from, to);
  after(number);
};

const open = fsp.open;
fsp.open = async (file, ...rest) => {
  const journal = /\.journal$/.test(String(file));
  const number = journal ? before('journal') : 0;
  const handle = await open(file, ...rest);
  if (!journal) return handle;
  const datasync = handle.datasync.bind(handle);
  handle.datasync = async () => {
    await datasync();
    after(number);
  };
  return handle;
};

for (const name of ['check', 'diff', 'create', 'update', 'delete', 'read']) {
  const call = ResourceProviderClient.prototype[name];
  ResourceProviderClient.prototype[name] = function (...args) {
    const number = before(name);
    const callback = args.pop();
    return call.call(this, ...args, (...answer) => {
      after(number);
      callback(...answer);
    });
  };
}
