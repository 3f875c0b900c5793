import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import * as pulumi from '@pulumi/pulumi';
import * as typescript from 'typescript';
import type { thin } from '../../dynamic-providers/thin';

describe('thin dynamic provider', () => {
  let folder: string;
  let compiled: { thin: typeof thin };

  before(() => {
    // Compiled as the product is, since the test runner's loader would add its own marks to the text.
    folder = mkdtempSync(join(tmpdir(), 'airlock-thin-'));
    const { outputText } = typescript.transpileModule(
      readFileSync(join(__dirname, '../../dynamic-providers/thin.ts'), 'utf8'),
      {
        compilerOptions: { target: typescript.ScriptTarget.ES2023, module: typescript.ModuleKind.CommonJS },
      },
    );
    writeFileSync(join(folder, 'thin.js'), outputText);
    compiled = require(join(folder, 'thin.js')) as { thin: typeof thin };
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const textOf = async (module: string) => {
    const provider = compiled.thin(module);
    return (await pulumi.runtime.serializeFunction(() => provider)).text;
  };

  it('serialises to little, constant text that names no path of this machine', async () => {
    const text = await textOf('./dist/dynamic-providers/gitea/organization-handler.js');
    expect(text.length).to.be.lessThan(4000);
    expect(await textOf('./dist/dynamic-providers/gitea/organization-handler.js')).to.equal(text);
    for (const path of [process.cwd(), tmpdir(), '/home', '/root', __dirname]) expect(text).not.to.include(path);
    expect(text).to.include('./dist/dynamic-providers/gitea/organization-handler.js');
  });

  it('runs, once read back, the module below the current directory', async () => {
    writeFileSync(join(folder, 'handler.js'), 'exports.create = async inputs => ({ id: inputs.name, outs: inputs });');
    const text = await textOf('./handler.js');
    writeFileSync(join(folder, 'provider.js'), text);
    const { handler } = require(join(folder, 'provider.js')) as { handler: () => pulumi.dynamic.ResourceProvider };
    expect(await handler().create({ name: 'x' })).to.deep.equal({ id: 'x', outs: { name: 'x' } });
  });
});
