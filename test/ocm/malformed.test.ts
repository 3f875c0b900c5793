import { expect } from 'chai';
import { parseDescriptor, readYaml, type Json } from '../../ocm';
import { AirlockError } from '../../report';
import { complete, generatedCases, handMadeCases } from './malformed/descriptors';
import { textCases } from './malformed/texts';

/** Every case is refused with an error that names file and place, soon, and without a crash. */
describe('ocm: malformed descriptors and texts', () => {
  let count = 0;
  const refused = (read: () => unknown, place: RegExp): void => {
    count += 1;
    let problem: unknown;
    try {
      read();
    } catch (error) {
      problem = error;
    }
    if (problem === undefined) throw new Error('it was accepted');
    if (!(problem instanceof AirlockError)) throw new Error('it is no error for people', { cause: problem });
    expect(problem.code).to.match(/^ocm\.invalid-(yaml|descriptor)$/);
    expect(problem.where, problem.message).to.match(place);
    expect(problem.message.length).to.be.lessThan(1000);
  };

  for (const [what, text] of textCases)
    it(`a text with ${what}`, () => refused(() => readYaml(Buffer.from(text), 'bad.yaml'), /^bad\.yaml(:\d+:\d+)?$/));

  const forms: readonly (readonly [string, (document: Json) => string])[] = [
    ['JSON', document => JSON.stringify(document)],
    ['indented JSON', document => JSON.stringify(document, null, 1)],
  ];
  const descriptor = (document: Json, written = forms): void => {
    for (const [form, write] of written)
      refused(() => parseDescriptor(Buffer.from(write(document)), `bad ${form}`), /^bad .*:\d+:\d+$/);
  };
  for (const schema of ['v2', 'v3alpha1'] as const) {
    it(`a ${schema} descriptor that says everything is read, of which every change is refused`, () => {
      parseDescriptor(Buffer.from(JSON.stringify(complete[schema])), 'good');
      for (const [what, document] of generatedCases(schema)) {
        try {
          descriptor(document, forms.slice(0, 1));
        } catch (error) {
          throw new Error(`${what}: ${String(error)}`, { cause: error });
        }
      }
    });
  }
  for (const [what, document] of handMadeCases) it(`a descriptor with ${what}`, () => descriptor(document));

  it('more text than is read', () => {
    refused(() => readYaml(Buffer.alloc(11, 0x61), 'bad.yaml', { bytes: 10 }), /^bad\.yaml$/);
    refused(() => readYaml(Buffer.from(`a: {${'b: c, '.repeat(10)}}`), 'bad.yaml', { richBytes: 10 }), /^bad\.yaml$/);
  });

  after(() => expect(count).to.be.at.least(400));
});
