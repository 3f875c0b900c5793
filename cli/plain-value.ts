import { Secret, type PropertyMap, type PropertyValue } from '../engine';

/** A property value as plain JSON with its secrets opened: for use in this process, never to be shown or stored. */
export function plainValue(value: PropertyValue): unknown {
  if (value instanceof Secret) return plainValue(value.value);
  if (Array.isArray(value)) return value.map(each => plainValue(each as PropertyValue));
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype)
    return plainMap(value as PropertyMap);
  return value;
}

export function plainMap(map: PropertyMap): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, plainValue(value)]));
}
