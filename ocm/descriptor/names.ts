/** Component names: a domain and at least one path segment (v2 schema, `componentName`). */
export const componentNamePattern =
  /^[a-z][-a-z0-9]*([.][a-z][-a-z0-9]*)*[.][a-z]{2,}(\/[a-z][-a-z0-9_]*([.][a-z][-a-z0-9_]*)*)+$/;

/** Names of elements and keys of identities. */
export const elementNamePattern = /^[a-z0-9]([-_+a-z0-9]*[a-z0-9])?$/;

/** Semantic versions with an optional `v` and optional minor and patch numbers. */
export const versionPattern =
  /^v?(0|[1-9]\d*)(?:\.(0|[1-9]\d*))?(?:\.(0|[1-9]\d*))?(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$/;

export function isComponentName(text: string): boolean {
  return text.length <= 255 && componentNamePattern.test(text);
}

export function isElementName(text: string): boolean {
  return text.length >= 2 && elementNamePattern.test(text);
}

export function isVersion(text: string): boolean {
  return text.length <= 255 && versionPattern.test(text);
}
