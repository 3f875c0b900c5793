import { expect } from 'chai';
import type { Said } from './environment';

/** Asserts a documented exit code and one clear message on standard error: what, where, what to do, and no stack. */
export function expectRefusal(said: Said, code: number, ...patterns: readonly RegExp[]): void {
  expect(said.code, `${said.stdout}\n${said.stderr}`).to.equal(code);
  // Progress may stand before it.
  const lines = said.stderr
    .trimEnd()
    .split('\n')
    .filter(line => !/^[…✓✗·-] /.test(line));
  expect(lines, said.stderr).to.have.length(1);
  expect(lines[0]).to.match(/^error: /);
  const output = `${said.stdout}\n${said.stderr}`;
  expect(/(?:.*\n){0,3}^\s+at .+:\d+:\d+\)?$/m.exec(output)?.[0], `a stack in\n${output}`).to.equal(undefined);
  for (const pattern of patterns) expect(lines[0]).to.match(pattern);
}

/** Asserts that a command went well and complained of nothing. */
export function expectDone(said: Said, ...patterns: readonly RegExp[]): void {
  expect(said.code, `${said.stdout}\n${said.stderr}`).to.equal(0);
  expect(said.stderr).not.to.match(/^(error|warning):/m);
  for (const pattern of patterns) expect(said.stdout).to.match(pattern);
}
