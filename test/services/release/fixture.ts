/** A small pipeline in the shape of a release's: a result, a secret, a config map, a workspace, something at the end. */
export const pipelineYaml = `
apiVersion: tekton.dev/v1
kind: Task
metadata: { name: greet }
spec:
  params:
    - { name: who }
    - { name: words, type: array, default: [a, b] }
  results: [{ name: greeting }]
  workspaces: [{ name: out }]
  steps:
    - name: write
      image: any
      env:
        - { name: WHO, value: $(params.who) }
        - { name: PASSWORD, valueFrom: { secretKeyRef: { name: account, key: password } } }
        - { name: PLACE, valueFrom: { configMapKeyRef: { name: settings, key: place } } }
      workingDir: $(workspaces.out.path)
      script: |
        echo "password is $PASSWORD"
        echo "$(echo shell) at $PLACE" >file
        printf 'hello %s' "$WHO" >$(results.greeting.path)
    - name: list
      image: any
      workingDir: $(workspaces.out.path)
      command: [sh, -c, 'echo "$#:$*"; cat file', sh]
      args: ['$(params.words[*])', last]
---
apiVersion: tekton.dev/v1
kind: Task
metadata: { name: tell }
spec:
  params: [{ name: text }, { name: fail, default: 'no' }]
  workspaces: [{ name: in, optional: true }]
  steps:
    - image: any
      env: [{ name: TEXT, value: $(params.text) }, { name: FAIL, value: '$(params["fail"])' }]
      script: |
        #!/bin/sh
        echo "told: $TEXT"
        test "$FAIL" != yes
---
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: { name: release }
spec:
  params: [{ name: who }, { name: fail, default: 'no' }]
  workspaces: [{ name: shared }]
  tasks:
    - name: second
      taskRef: { name: tell }
      params:
        - { name: text, value: '$(tasks.first.results.greeting)!' }
        - { name: fail, value: $(params.fail) }
    - name: first
      taskRef: { name: greet }
      params: [{ name: who, value: $(params.who) }]
      workspaces: [{ name: out, workspace: shared, subPath: deep }]
    - name: never
      runAfter: [second]
      taskRef: { name: tell }
      when: [{ input: $(params.who), operator: in, values: [nobody] }]
      params: [{ name: text, value: never }]
  finally:
    - name: last
      taskRef: { name: tell }
      params: [{ name: text, value: 'status $(tasks.status)' }]
---
apiVersion: triggers.tekton.dev/v1beta1
kind: TriggerBinding
metadata: { name: release }
spec:
  params:
    - { name: tag, value: $(body.release.tag_name) }
    - { name: event, value: $(header.X-Gitea-Event) }
---
apiVersion: triggers.tekton.dev/v1beta1
kind: TriggerTemplate
metadata: { name: release }
spec:
  params: [{ name: tag }, { name: event }, { name: size, default: small }]
  resourcetemplates:
    - apiVersion: tekton.dev/v1
      kind: PipelineRun
      metadata: { generateName: release- }
      spec:
        pipelineRef: { name: release }
        params: [{ name: who, value: '$(tt.params.tag) $(tt.params.event) $(tt.params.size)' }]
        workspaces: [{ name: shared, emptyDir: {} }]
---
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: { name: releases }
spec:
  serviceAccountName: release
  triggers:
    - name: published
      interceptors:
        - ref: { name: github }
          params: [{ name: eventTypes, value: [release] }]
        - ref: { name: cel }
          params: [{ name: filter, value: "body.action == 'published' && body.release.draft != true" }]
      bindings: [{ ref: release }]
      template: { ref: release }
`;
