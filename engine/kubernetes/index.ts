export { kubernetesProvider } from './kubernetes-provider';
