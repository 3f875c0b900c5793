import { condition, progressing, ready, type KubernetesObject, type Readiness } from '../../cluster';
import { AirlockError } from '../../report';
import { asText, findAll, parseJsonPath } from './jsonpath';

export const waitForAnnotation = 'pulumi.com/waitFor';

type Test = (object: KubernetesObject) => Readiness;

/**
 * The value of `pulumi.com/waitFor`: `jsonpath={.status.phase}=Running`, `jsonpath={.status.url}` (present), `condition=Ready`,
 * `condition=Ready=False`, or a JSON list of these. Throws `engine.invalid-wait-for`.
 */
export function parseWaitFor(text: string): Test {
  let expressions: unknown = [text];
  if (text.trimStart().startsWith('[')) {
    try {
      expressions = JSON.parse(text);
    } catch {
      throw invalid(text);
    }
  }
  if (!Array.isArray(expressions) || expressions.length === 0) throw invalid(text);
  const tests = expressions.map(expression => parseOne(String(expression)));
  return object => tests.map(test => test(object)).find(readiness => readiness.state !== 'ready') ?? ready;
}

function parseOne(text: string): Test {
  const path = /^jsonpath=(\{[^}]*\}|[^=]*)(?:={1,2}(.*))?$/s.exec(text);
  if (path) return jsonPathTest(path[1] ?? '', path[2]);
  const named = /^condition=([^=]+)(?:=(.*))?$/.exec(text);
  if (named) return conditionTest(named[1] ?? '', named[2] ?? 'True');
  throw invalid(text);
}

function jsonPathTest(path: string, expected: string | undefined): Test {
  const steps = parseJsonPath(path);
  const wanted = expected?.replace(/^(['"])(.*)\1$/, '$2');
  return object => {
    const found = findAll(object, steps);
    if (found.length === 0) return progressing(`${path} is not there yet`);
    if (wanted === undefined || found.some(value => asText(value) === wanted)) return ready;
    return progressing(`${path} is ${asText(found[0])}, not ${wanted}`);
  };
}

function conditionTest(type: string, wanted: string): Test {
  return object => {
    const seen = condition(object, type);
    if (!seen) return progressing(`it has no condition ${type} yet`);
    const current =
      seen.observedGeneration === undefined || seen.observedGeneration >= (object.metadata.generation ?? 1);
    if (current && seen.status.toLowerCase() === wanted.toLowerCase()) return ready;
    return progressing(`condition ${type} is ${seen.status}${seen.message ? `: ${seen.message}` : ''}`);
  };
}

function invalid(text: string): AirlockError {
  return new AirlockError({
    code: 'engine.invalid-wait-for',
    message: `The annotation ${waitForAnnotation} cannot be understood: ${text}`,
    remedy: 'Write jsonpath={.status.phase}=Running, condition=Ready, or a JSON list of these',
  });
}
