import { Secret } from '../engine';
import type { PropertyMap, PropertyValue, StepRecord } from '../engine';

const isName = (text: string): boolean => /^[A-Za-z_$][\w$]*$/.test(text);

function literal(value: PropertyValue, indent: string): string {
  if (value instanceof Secret) return 'pulumi.secret("<set it in the configuration>")';
  if (Array.isArray(value)) {
    const items = (value as readonly PropertyValue[]).map(item => `${indent}  ${literal(item, `${indent}  `)},\n`);
    return items.length === 0 ? '[]' : `[\n${items.join('')}${indent}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value as PropertyMap).map(
      ([key, item]) => `${indent}  ${isName(key) ? key : JSON.stringify(key)}: ${literal(item, `${indent}  `)},\n`,
    );
    return entries.length === 0 ? '{}' : `{\n${entries.join('')}${indent}}`;
  }
  return JSON.stringify(value);
}

/** The class of a Kubernetes resource in the SDK: `k8s.networking.v1.Ingress` for `kubernetes:networking.k8s.io/v1:Ingress`. */
function className(type: string): string {
  const [pkg = '', module = '', kind = ''] = type.split(':');
  if (pkg !== 'kubernetes') return `${pkg}.${module.split('/')[0] ?? ''}.${kind}`;
  const [group = '', version = ''] = module.split('/');
  return `k8s.${group.split('.')[0] ?? ''}.${version}.${kind}`;
}

/** Program text that describes an imported resource as it is. */
export function importedCode(step: StepRecord): string {
  const inputs = Object.entries(step.new?.inputs ?? {}).filter(([key]) => !['apiVersion', 'kind'].includes(key));
  const options = step.new?.protect ? ', { protect: true }' : '';
  return `new ${className(step.type)}(${JSON.stringify(step.name)}, ${literal(Object.fromEntries(inputs), '')}${options});\n`;
}
