export * from './descriptor';
export * from './normalisation';
