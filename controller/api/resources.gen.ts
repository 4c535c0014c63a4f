// Generated from crds/ by `npm run generate`. Edit the CRD, not this file.
/* eslint-disable */
import type { ResourceDescription } from './resource-description.ts';

export const RESOURCES: readonly ResourceDescription[] = [
  {
    "kind": "DeploySession",
    "plural": "deploysessions",
    "singular": "deploysession",
    "shortNames": [
      "ksess"
    ],
    "columns": [
      {
        "name": "Service",
        "type": "string",
        "path": [
          "spec",
          "service"
        ],
        "priority": 0
      },
      {
        "name": "Destination",
        "type": "string",
        "path": [
          "spec",
          "destination"
        ],
        "priority": 0
      },
      {
        "name": "Phase",
        "type": "string",
        "path": [
          "status",
          "phase"
        ],
        "priority": 0
      },
      {
        "name": "Deadline",
        "type": "string",
        "path": [
          "spec",
          "deadline"
        ],
        "priority": 0
      },
      {
        "name": "Why",
        "type": "string",
        "path": [
          "status",
          "reason"
        ],
        "priority": 0
      }
    ]
  },
  {
    "kind": "HostPool",
    "plural": "hostpools",
    "singular": "hostpool",
    "shortNames": [
      "hp"
    ],
    "columns": [
      {
        "name": "Role",
        "type": "string",
        "path": [
          "spec",
          "kamal",
          "role"
        ],
        "priority": 1
      },
      {
        "name": "Wanted",
        "type": "integer",
        "path": [
          "spec",
          "replicas"
        ],
        "priority": 0
      },
      {
        "name": "Hosts",
        "type": "integer",
        "path": [
          "status",
          "replicas"
        ],
        "priority": 0
      },
      {
        "name": "Ready",
        "type": "integer",
        "path": [
          "status",
          "readyReplicas"
        ],
        "priority": 0
      },
      {
        "name": "Booting",
        "type": "integer",
        "path": [
          "status",
          "bootingReplicas"
        ],
        "priority": 0
      },
      {
        "name": "Draining",
        "type": "integer",
        "path": [
          "status",
          "drainingReplicas"
        ],
        "priority": 0
      },
      {
        "name": "Max",
        "type": "integer",
        "path": [
          "spec",
          "maxReplicas"
        ],
        "priority": 1
      },
      {
        "name": "Outdated",
        "type": "integer",
        "path": [
          "status",
          "rollout",
          "outdated"
        ],
        "priority": 1
      },
      {
        "name": "State",
        "type": "string",
        "path": [
          "status",
          "state"
        ],
        "priority": 0
      },
      {
        "name": "Why",
        "type": "string",
        "path": [
          "status",
          "reason"
        ],
        "priority": 0
      },
      {
        "name": "Since",
        "type": "date",
        "path": [
          "status",
          "stateSince"
        ],
        "priority": 0
      }
    ]
  },
  {
    "kind": "KamalHost",
    "plural": "kamalhosts",
    "singular": "kamalhost",
    "shortNames": [
      "kh"
    ],
    "columns": [
      {
        "name": "Pool",
        "type": "string",
        "path": [
          "spec",
          "poolRef",
          "name"
        ],
        "priority": 0
      },
      {
        "name": "Phase",
        "type": "string",
        "path": [
          "status",
          "phase"
        ],
        "priority": 0
      },
      {
        "name": "Intent",
        "type": "string",
        "path": [
          "spec",
          "intent"
        ],
        "priority": 0
      },
      {
        "name": "Address",
        "type": "string",
        "path": [
          "status",
          "address"
        ],
        "priority": 0
      },
      {
        "name": "Placement",
        "type": "string",
        "path": [
          "status",
          "placement"
        ],
        "priority": 1
      },
      {
        "name": "Provider-ID",
        "type": "string",
        "path": [
          "status",
          "providerID"
        ],
        "priority": 1
      },
      {
        "name": "Version",
        "type": "string",
        "path": [
          "status",
          "version"
        ],
        "priority": 1
      },
      {
        "name": "Template",
        "type": "string",
        "path": [
          "status",
          "templateHash"
        ],
        "priority": 1
      },
      {
        "name": "Why",
        "type": "string",
        "path": [
          "status",
          "reason"
        ],
        "priority": 0
      },
      {
        "name": "Since",
        "type": "date",
        "path": [
          "status",
          "phaseSince"
        ],
        "priority": 0
      }
    ]
  },
  {
    "kind": "ScalingPolicy",
    "plural": "scalingpolicies",
    "singular": "scalingpolicy",
    "shortNames": [
      "sp"
    ],
    "columns": [
      {
        "name": "Pool",
        "type": "string",
        "path": [
          "spec",
          "targetRef",
          "name"
        ],
        "priority": 0
      },
      {
        "name": "Mode",
        "type": "string",
        "path": [
          "spec",
          "mode"
        ],
        "priority": 0
      },
      {
        "name": "Min",
        "type": "integer",
        "path": [
          "spec",
          "minHosts"
        ],
        "priority": 1
      },
      {
        "name": "Max",
        "type": "integer",
        "path": [
          "spec",
          "maxHosts"
        ],
        "priority": 1
      },
      {
        "name": "Hosts",
        "type": "integer",
        "path": [
          "status",
          "currentHosts"
        ],
        "priority": 0
      },
      {
        "name": "Wanted",
        "type": "integer",
        "path": [
          "status",
          "desiredHosts"
        ],
        "priority": 0
      },
      {
        "name": "Why",
        "type": "string",
        "path": [
          "status",
          "reason"
        ],
        "priority": 0
      },
      {
        "name": "Since",
        "type": "date",
        "path": [
          "status",
          "reasonSince"
        ],
        "priority": 0
      }
    ]
  }
];
