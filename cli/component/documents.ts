import { type ComponentDescriptor, type ElementMeta } from '../../ocm';

/** Elements as the reference command line prints them: its field order, and accesses with sorted keys. */
export function elementDocument(element: ElementMeta): object {
  return ordered(element, [
    'name',
    'version',
    'extraIdentity',
    'labels',
    'type',
    'relation',
    'componentName',
    'srcRefs',
    'digest',
    'access',
  ]);
}

/** A descriptor in schema v2, in the reference's field order. */
export function descriptorDocument(descriptor: ComponentDescriptor): object {
  const { component } = descriptor;
  const element = (each: ElementMeta): object =>
    ordered(each, [
      'name',
      'version',
      'extraIdentity',
      'labels',
      'type',
      'componentName',
      'relation',
      'srcRefs',
      'access',
      'digest',
    ]);
  return ordered(
    {
      ...descriptor,
      component: ordered(
        {
          ...component,
          sources: component.sources.map(element),
          componentReferences: component.componentReferences.map(element),
          resources: component.resources.map(element),
          repositoryContexts: component.repositoryContexts.map(context =>
            ordered(context, Object.keys(context).sort()),
          ),
        },
        [
          'name',
          'version',
          'labels',
          'creationTime',
          'repositoryContexts',
          'provider',
          'sources',
          'componentReferences',
          'resources',
        ],
      ),
    },
    ['meta', 'component', 'signatures', 'nestedDigests'],
  );
}

/** The fields in this order, and then those that are not named; `access` with sorted keys, labels in their own order. */
function ordered(object: object, order: readonly string[]): object {
  const given = object as Readonly<Record<string, unknown>>;
  const keys = [
    ...order.filter(key => Object.hasOwn(given, key)),
    ...Object.keys(given).filter(key => !order.includes(key)),
  ];
  return Object.fromEntries(
    keys.map(key => {
      const value = given[key];
      if (key === 'access' && isMap(value)) return [key, ordered(value, Object.keys(value).sort())];
      if (key === 'labels' && Array.isArray(value)) return [key, (value as unknown[]).map(inOrder)];
      return [key, value];
    }),
  );
}

const inOrder = (label: unknown): unknown =>
  isMap(label) ? ordered(label, ['name', 'value', 'version', 'signing', 'merge']) : label;

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
