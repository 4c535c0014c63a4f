/** How a part is brought when nobody has it. */

export type Origin =
  | {
      kind: 'GoModule';
      /** Folder under `modules/` whose go.mod and go.sum pin everything that is compiled. */
      module: 'kubernetes' | 'etcd' | 'kamal-proxy' | 'traefik' | 'sample-app' | 'hcloud-probe' | 'godo-probe';
      /** Import path of the main package. */
      package: string;
      version: string;
      /** Passed to the linker as `-X NAME=VALUE`: modules built away from their own scripts do not know their version. */
      stamps: Readonly<Record<string, string>>;
    }
  | {
      /** One package, whose program needs nothing that a machine lacks. */
      kind: 'DebianPackage';
      package: string;
      /** Path of the program inside the package. */
      program: string;
    }
  | {
      /** Packages and all they depend on that this machine lacks, unpacked over one another into one folder. */
      kind: 'DebianPackages';
      /** Name of the folder; parts with the same name share it, and have the same packages. */
      folder: string;
      packages: readonly string[];
      /** Path of the program inside the folder. */
      program: string;
    };

export type GoModule = Extract<Origin, { kind: 'GoModule' }>;
export type DebianPackage = Extract<Origin, { kind: 'DebianPackage' }>;
export type DebianPackages = Extract<Origin, { kind: 'DebianPackages' }>;

export const KUBERNETES_VERSION = '1.36.3';

export function kubernetesProgram(name: 'kube-apiserver' | 'kube-controller-manager' | 'kubectl'): Origin {
  return {
    kind: 'GoModule',
    module: 'kubernetes',
    package: `k8s.io/kubernetes/cmd/${name}`,
    version: KUBERNETES_VERSION,
    stamps: {
      'k8s.io/component-base/version.gitVersion': `v${KUBERNETES_VERSION}`,
      'k8s.io/component-base/version.gitMajor': '1',
      'k8s.io/component-base/version.gitMinor': '36',
    },
  };
}

/** A program of what makes a machine a host that Kamal can deploy to; the helpers of these programs come along. */
export function hostProgram(program: string): Origin {
  return { kind: 'DebianPackages', folder: 'host', packages: ['docker.io', 'iptables', 'openssh-server', 'sudo'], program };
}
