/** `urn:pulumi:<stack>::<project>::<qualified type>::<name>`; the name comes last and may contain `::`. */
export const ROOT_STACK_TYPE = 'pulumi:pulumi:Stack';
const PROVIDER_TYPE_PREFIX = 'pulumi:providers:';

export function createUrn(stack: string, project: string, parent: string, type: string, name: string): string {
  const parentType = parent === '' ? '' : urnQualifiedType(parent);
  const qualified = parentType === '' || parentType === ROOT_STACK_TYPE ? type : `${parentType}$${type}`;
  return `urn:pulumi:${stack}::${project}::${qualified}::${name}`;
}

function part(urn: string, index: number): string {
  return urn.split('::')[index] ?? '';
}

export function urnQualifiedType(urn: string): string {
  return part(urn, 2);
}

export function urnType(urn: string): string {
  return urnQualifiedType(urn).split('$').pop() ?? '';
}

export function urnName(urn: string): string {
  return urn.split('::').slice(3).join('::');
}

/** True for a URN of four non-empty parts. */
export function isUrn(text: string): boolean {
  const parts = text.split('::');
  return text.startsWith('urn:pulumi:') && parts.length >= 4 && parts.every((p, i) => i > 3 || p !== '');
}

export function isProviderType(type: string): boolean {
  return type.startsWith(PROVIDER_TYPE_PREFIX);
}

/** A provider the engine registered by itself: not counted or shown. */
export function isDefaultProvider(urn: string): boolean {
  return isProviderType(urnType(urn)) && /^default(_|$)/.test(urnName(urn));
}

export function providerType(pkg: string): string {
  return PROVIDER_TYPE_PREFIX + pkg;
}

/** `kubernetes` of `kubernetes:core/v1:Pod`, and of `pulumi:providers:kubernetes`. */
export function packageOf(type: string): string {
  return isProviderType(type) ? type.slice(PROVIDER_TYPE_PREFIX.length) : (type.split(':')[0] ?? '');
}

/** `<provider URN>::<id>`. */
export interface ProviderReference {
  readonly urn: string;
  readonly id: string;
}

export function parseProviderReference(reference: string): ProviderReference | undefined {
  const at = reference.lastIndexOf('::');
  if (at < 0 || !isUrn(reference.slice(0, at))) return undefined;
  return { urn: reference.slice(0, at), id: reference.slice(at + 2) };
}

export function providerReference(urn: string, id: string): string {
  return `${urn}::${id}`;
}
