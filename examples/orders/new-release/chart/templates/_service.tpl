{{/*
Deployment and Service of one of the two programs.
Takes a map: name, image, replicas, env (name to value), root.
*/}}
{{- define "orders.service" -}}
{{- $labels := dict "app.kubernetes.io/name" .name "app.kubernetes.io/part-of" "orders" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .name }}
  labels:
    {{- toYaml $labels | nindent 4 }}
spec:
  replicas: {{ .replicas }}
  progressDeadlineSeconds: 120
  strategy:
    rollingUpdate:
      maxUnavailable: 0
  selector:
    matchLabels:
      app.kubernetes.io/name: {{ .name }}
  template:
    metadata:
      labels:
        {{- toYaml $labels | nindent 8 }}
    spec:
      serviceAccountName: {{ .root.Values.serviceAccountName }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      containers:
      - name: {{ .name }}
        image: {{ .image | quote }}
        env:
        - name: VERSION
          value: {{ .root.Chart.AppVersion | quote }}
        - name: BROKER_URL
          value: {{ .root.Values.brokerUrl | quote }}
        {{- range $name, $value := .env }}
        - name: {{ $name }}
          value: {{ $value | quote }}
        {{- end }}
        ports:
        - name: http
          containerPort: 8080
        readinessProbe:
          httpGet:
            path: /readyz
            port: http
          periodSeconds: 2
        livenessProbe:
          httpGet:
            path: /healthz
            port: http
          initialDelaySeconds: 5
        resources:
          requests:
            cpu: 10m
            memory: 16Mi
        securityContext:
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          runAsNonRoot: true
          runAsUser: 10001
          capabilities:
            drop: [ALL]
---
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}
  labels:
    {{- toYaml $labels | nindent 4 }}
spec:
  selector:
    app.kubernetes.io/name: {{ .name }}
  ports:
  - name: http
    port: 8080
    targetPort: http
{{- end -}}
