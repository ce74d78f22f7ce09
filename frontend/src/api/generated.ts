// Written by `npm run types` from the API's OpenAPI document. Do not edit it.

export interface paths {
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the server answers */
        get: operations["health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document */
        get: operations["openapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events/ws": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Stream events
         * @description A WebSocket: each text frame is one `Event`, of every kind. The server pings every 20 seconds. It closes with 4001 when the login has expired, and with 4002 when the server stops.
         */
        get: operations["streamEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workloads/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List sessions
         * @description Members see their own, team admins their team's, organization admins all; newest first.
         */
        get: operations["listSessions"];
        put?: never;
        /**
         * Create a session
         * @description On a workload that is free for reuse, or on one that is now started. It is pending until its first use.
         */
        post: operations["createSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workloads/sessions/{session}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Describe a session
         * @description Its owner is also told ``connectionInfo``. Of a marimo session that serves its page, ``proxyAuthUrl`` logs a browser in to it; each one is good once, for 30 seconds.
         */
        get: operations["describeSession"];
        put?: never;
        post?: never;
        /**
         * Close a session
         * @description At once; closing a closed one changes nothing. What it ran on is cleaned up afterwards.
         */
        delete: operations["closeSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workloads/sessions/{session}/close": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Close a session with a reason
         * @description As closing does; its owner reads the reason, and who closed it. Whoever closes another's session must give one.
         */
        post: operations["closeSessionWithReason"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workloads/sessions/{session}/token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Issue a session proxy token
         * @description A signed bearer token for the session's ``grpcEndpoint``; it encodes the session and where it runs.
         */
        post: operations["issueToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workloads/sessions/{session}/token/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Revoke all tokens of a session
         * @description The session stays, and what runs under them is cut. Kernels that use it fetch a new token.
         */
        post: operations["revokeTokens"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workloads/sessions/{session}/relaunch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Relaunch a closed session
         * @description A new session with the workload config of one that is closed or failed, which stays as it is. For its owner.
         */
        post: operations["relaunchSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workloads/sessions/{session}/extend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Extend a session
         * @description It is not closed for being idle before then.
         */
        post: operations["extendSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workloads/sessions/{session}/environment": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Compare a kernel's environment with its session's
         * @description The names of the variables that differ from those that the session's engine was given. For its owner.
         */
        post: operations["compareEnvironment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workloads/sessions/{session}/engine": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Describe what a session's engine uses
         * @description Two looks tell whether it computes, which its own word on an interrupted query does not.
         */
        get: operations["describeEngineUse"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workloads/sessions/{session}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read the logs of a session's workload */
        get: operations["readLogs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workloads/sessions/{session}/queries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the queries of a session
         * @description The latest ones that its clients ran, newest first, running ones too. For its owner, since an SQL text may hold secrets.
         */
        get: operations["listQueries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workloads/sessions/{session}/interrupt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Interrupt the queries of a session
         * @description All that run, or one, whichever of its clients runs them; each client gets an error at once. For its owner. The list of queries says whether the engine obeys.
         */
        post: operations["interruptQueries"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workloads/compute-configs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List workload configs
         * @description Those with a name that the caller may see, newest first.
         */
        get: operations["listConfigs"];
        put?: never;
        /**
         * Create a workload config
         * @description Names are unique in a team. ``workloadType``, ``clusterId`` and ``teamId`` cannot be changed later.
         */
        post: operations["createConfig"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workloads/compute-configs/{workloadConfig}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Describe a workload config */
        get: operations["describeConfig"];
        put?: never;
        post?: never;
        /**
         * Delete a workload config
         * @description Its name is free again. Sessions that run keep it.
         */
        delete: operations["deleteConfig"];
        options?: never;
        head?: never;
        /**
         * Change a workload config
         * @description What is absent stays as it is. Sessions that run keep what they started with.
         */
        patch: operations["changeConfig"];
        trace?: never;
    };
    "/workloads/configs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List workload configs
         * @description Those with a name that the caller may see, newest first.
         */
        get: operations["listConfigsAtWorkloadsConfigs"];
        put?: never;
        /**
         * Create a workload config
         * @description Names are unique in a team. ``workloadType``, ``clusterId`` and ``teamId`` cannot be changed later.
         */
        post: operations["createConfigAtWorkloadsConfigs"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workloads/configs/{workloadConfig}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Describe a workload config */
        get: operations["describeConfigAtWorkloadsConfigs"];
        put?: never;
        post?: never;
        /**
         * Delete a workload config
         * @description Its name is free again. Sessions that run keep it.
         */
        delete: operations["deleteConfigAtWorkloadsConfigs"];
        options?: never;
        head?: never;
        /**
         * Change a workload config
         * @description What is absent stays as it is. Sessions that run keep what they started with.
         */
        patch: operations["changeConfigAtWorkloadsConfigs"];
        trace?: never;
    };
    "/instance-types": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List instance types
         * @description The sizes that workload configs may name, with what they cost where the administrator has said it. By name.
         */
        get: operations["listInstanceTypes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Wait for events
         * @description Answers at once when there are some after ``after``, else within ``wait`` seconds.
         */
        get: operations["pollEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/service-accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List service accounts */
        get: operations["listServiceAccounts"];
        put?: never;
        /**
         * Create a service account
         * @description Its key is told here, and never again.
         */
        post: operations["createServiceAccount"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/service-accounts/{serviceAccount}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete a service account
         * @description Its key is dead at once, and its live sessions are closed.
         */
        delete: operations["deleteServiceAccount"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/start-estimates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Estimate how soon a kernel would have an engine
         * @description For each compute config that the caller may see, and for none: whether an engine waits for it, and how long the last starts took.
         */
        get: operations["estimateStarts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell who is asking */
        get: operations["me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/.well-known/jwks.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Publish the keys that check session tokens */
        get: operations["publicKeys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * Cluster
         * @description Where workloads may run, and what it offers.
         */
        Cluster: {
            id: string;
            endpointTypes: string[];
            executionModes: string[];
            unusedFields: string[];
            lingerSeconds: number;
            survivesRestart: boolean;
            machine: components["schemas"]["ComputeSize"] | null;
        };
        /** Compute */
        Compute: {
            /** @default null */
            driver: components["schemas"]["DriverCompute"] | null;
            /** @default null */
            worker: components["schemas"]["WorkerCompute"] | null;
        };
        /**
         * ComputeSize
         * @description What an engine has of the machines that it runs on, all of its nodes together.
         */
        ComputeSize: {
            vcpus: number;
            memoryBytes: number;
        };
        /**
         * ConnectionInfo
         * @description Where a session is reached; told to its owner alone.
         */
        ConnectionInfo: {
            proxyAuthUrl: string | null;
            grpcEndpoint: string | null;
        };
        /** DriverCompute */
        DriverCompute: {
            /** @default null */
            instanceType: string | null;
            /** @default null */
            ebsConfig: components["schemas"]["EbsConfig"] | null;
        };
        /**
         * DurationLimit
         * @description A duration that a caller may set, in seconds; without a default, there is none unless it is set.
         */
        DurationLimit: {
            default: number | null;
            floor: number;
            ceiling: number;
        };
        /** EbsConfig */
        EbsConfig: {
            /** @default null */
            volumeType: string | null;
            /** @default null */
            volumeSize: number | null;
            /** @default null */
            iops: number | null;
            /** @default null */
            throughput: number | null;
            /** @default null */
            deleteOnTermination: boolean | null;
        };
        /**
         * EndpointLimits
         * @description How many live sessions one workload may carry; null and 0 set no limit of their own.
         */
        EndpointLimits: {
            /** @default null */
            spark_connect: number | null;
        };
        /**
         * EngineUse
         * @description What a session's engine has used of its machine; of an engine with several sessions, all of them together.
         */
        EngineUse: {
            cpuSeconds: number | null;
            computes: boolean | null;
        };
        /**
         * EnvironmentComparison
         * @description The environment of a kernel as it is now.
         */
        EnvironmentComparison: {
            /**
             * @description The environment variables of the engine, in place of the server's own. Write-only: kept in memory alone, and told by no answer. At most 48 KiB. Jupyter's own variables are left out.
             * @default null
             */
            environment: {
                [key: string]: string;
            } | null;
        };
        /**
         * EnvironmentDifference
         * @description How a kernel's environment differs from the one that its session's engine was given.
         */
        EnvironmentDifference: {
            known: boolean;
            changed: string[];
        };
        /**
         * Event
         * @description What happened to a session, a workload or a compute config.
         */
        Event: {
            sequence: number | null;
            at: string;
            /** @enum {string} */
            kind: "config" | "extension" | "move" | "query" | "warning";
            sessionId: string | null;
            workloadId: string | null;
            workloadConfigId: string | null;
            oldStatus: string | null;
            newStatus: string | null;
            reason: string | null;
            message: string | null;
        };
        /** EventPage */
        EventPage: {
            events: components["schemas"]["Event"][];
            sequence: number;
        };
        /**
         * InstanceType
         * @description A size that compute configs may name.
         */
        InstanceType: {
            name: string;
            vcpus: number;
            memoryBytes: number;
            pricePerHour: number | null;
            currency: string | null;
        };
        /** InstanceTypes */
        InstanceTypes: {
            items: components["schemas"]["InstanceType"][];
        };
        /** InterruptedQueries */
        InterruptedQueries: {
            interrupted: string[];
        };
        /**
         * KeySet
         * @description A JWK set (RFC 7517) of public keys.
         */
        KeySet: {
            keys: Record<string, never>[];
        };
        /** Library */
        Library: {
            /** @default null */
            pypi: components["schemas"]["PypiLibrary"] | null;
            /** @default null */
            requirements: components["schemas"]["RequirementsLibrary"] | null;
            /** @default null */
            whl: string | null;
        };
        /**
         * Limits
         * @description The limits of sessions and their tokens.
         */
        Limits: {
            idleTimeoutSeconds: components["schemas"]["DurationLimit"];
            idleCloseDelaySeconds: components["schemas"]["DurationLimit"];
            maxDurationSeconds: components["schemas"]["DurationLimit"];
            tokenDurationSeconds: components["schemas"]["DurationLimit"];
            extensionSeconds: components["schemas"]["DurationLimit"];
            detachedSeconds: number;
            startTimeoutSeconds: number;
            sparkSessionsPerSession: number;
        };
        /**
         * Marimo
         * @description Whether marimo sessions can be started.
         */
        Marimo: {
            available: boolean;
            reason: string | null;
        };
        /**
         * Me
         * @description Who is asking, as the server sees it, and what the server has for them.
         */
        Me: {
            memberId: string | null;
            serviceAccountId: string | null;
            login: string | null;
            name: string | null;
            teamIds: string[];
            adminOf: string[];
            organizationAdmin: boolean;
            kernelId: string | null;
            notebookId: string | null;
            notebookPath: string | null;
            singleUser: boolean | null;
            limits: components["schemas"]["Limits"] | null;
            quotas: components["schemas"]["Quotas"] | null;
            clusters: components["schemas"]["Cluster"][];
            marimo: components["schemas"]["Marimo"] | null;
            defaultConfig: string | null;
            version: string | null;
            features: string[];
        };
        /** Member */
        Member: {
            id: string;
            organizationId: string | null;
            userId: string | null;
            name: string | null;
            email: string | null;
            preferences: Record<string, never> | null;
            invitedByMemberId: string | null;
            inviteExpiresAt: string | null;
            inviteAcceptedAt: string | null;
            lastLoginAt: string | null;
            lastActiveAt: string | null;
            isEnabled: boolean;
            accountType: string | null;
            createdAt: string | null;
            createdBy: string | null;
            updatedAt: string | null;
            updatedBy: string | null;
        };
        /** NewServiceAccount */
        NewServiceAccount: {
            id: string;
            username: string;
            description: string | null;
            createdAt: string | null;
            createdBy: string | null;
            updatedAt: string | null;
            updatedBy: string | null;
            teamId: string;
            key: string;
        };
        /**
         * Problem
         * @description An ``application/problem+json`` answer (RFC 9457).
         *
         *         ``code`` is the stable contract; ``message`` says the same as ``detail`` because Jupyter's clients read it.
         */
        Problem: {
            type: string;
            title: string;
            status: number;
            /** @enum {string} */
            code: "DEADLINE_EXCEEDED" | "FAILED_PRECONDITION" | "INTERNAL" | "INVALID_ARGUMENT" | "NOT_FOUND" | "PERMISSION_DENIED" | "RESOURCE_EXHAUSTED" | "UNAUTHENTICATED" | "UNAVAILABLE";
            detail: string;
            message: string;
            reason: string | null;
            instance: string | null;
            requestId: string;
            errors: components["schemas"]["ProblemField"][];
            retryAfterSeconds: number | null;
        };
        /** ProblemField */
        ProblemField: {
            pointer: string;
            message: string;
        };
        /** PypiLibrary */
        PypiLibrary: {
            package: string;
            /** @default null */
            repo: string | null;
        };
        /**
         * Query
         * @description An action of a session's owner: one or several operations that a client had the session execute.
         */
        Query: {
            id: string;
            what: string;
            startedAt: string;
            seconds: number;
            rows: number;
            bytes: number;
            /** @enum {string} */
            outcome: "cancelled" | "failed" | "running" | "succeeded";
            error: string | null;
            engineBusy: boolean | null;
        };
        /**
         * Quotas
         * @description How much there may be of a thing; null: any number.
         */
        Quotas: {
            liveSessionsPerMember: number | null;
            liveSessionsPerTeam: number | null;
            liveSessionsPerServer: number | null;
            createsPerMinute: number | null;
            tokensPerMinute: number | null;
        };
        /** RequirementsLibrary */
        RequirementsLibrary: {
            /** @default null */
            source: string | null;
            /** @default null */
            uri: string | null;
        };
        /** SailConfig */
        SailConfig: {
            /** @default standalone */
            executionMode: ("cluster" | "standalone") | null;
            /** @default null */
            compute: components["schemas"]["Compute"] | null;
            /** @default null */
            lakesailImageUri: string | null;
            /** @default [] */
            libraries: components["schemas"]["Library"][] | null;
            /** @default {} */
            extraEnv: {
                [key: string]: string;
            } | null;
        };
        /** ServiceAccount */
        ServiceAccount: {
            id: string;
            username: string;
            description: string | null;
            createdAt: string | null;
            createdBy: string | null;
            updatedAt: string | null;
            updatedBy: string | null;
        };
        /** ServiceAccountCreate */
        ServiceAccountCreate: {
            username: string;
            /** @default null */
            description: string | null;
            /** @default null */
            teamId: string | null;
        };
        /** ServiceAccountPage */
        ServiceAccountPage: {
            items: components["schemas"]["TeamServiceAccount"][];
        };
        /** Session */
        Session: {
            id: string;
            endpointType: string;
            name: string | null;
            /** @enum {string} */
            status: "active" | "closed" | "failed" | "idle" | "pending";
            workloadId: string | null;
            teamId: string | null;
            memberId: string | null;
            serviceAccountId: string | null;
            notebookId: string | null;
            terminationReason: string | null;
            statusMessage: string | null;
            connectionInfo: components["schemas"]["ConnectionInfo"] | null;
            lastActivityAt: string | null;
            idleSince: string | null;
            closedAt: string | null;
            timeoutAt: string | null;
            config: components["schemas"]["SessionConfig"];
            metadata: {
                [key: string]: string;
            };
            createdAt: string;
            updatedAt: string;
            /** @description Null: a config without a name. */
            workloadConfigId: string | null;
            workloadConfigName: string | null;
            /** @description Where its notebook is now, or was last. */
            notebookPath: string | null;
            /** @description Its notebook's path in the Contents API of this server; null: not there, or not there now. */
            notebookContentsPath: string | null;
            ownerName: string | null;
            /** @description What its engine has, after the cut to the machine that it runs on. */
            size: components["schemas"]["ComputeSize"] | null;
            /** @description Of its engine; null: not known. */
            pricePerHour: number | null;
            currency: string | null;
            /** @description Of its engine, at the price of now, for the time that the session has had it. */
            costSoFar: number | null;
            /** @description The rule that sets timeoutAt. */
            timeoutReason: ("detached" | "idle_timeout" | "max_duration") | null;
            /** @description It was asked to be kept until then, which is to come. */
            extendedUntil: string | null;
            /** @description The name of the person who closed it, if that was not its owner. */
            closedBy: string | null;
            /** @description What the person said who closed it. */
            closeReason: string | null;
            /** @description The kernels of this server that use it: of each, the newest session token is of this session. Told to its owner alone. */
            kernelIds: string[] | null;
        };
        /** SessionClose */
        SessionClose: {
            /** @default null */
            reason: string | null;
        };
        /**
         * SessionConfig
         * @description A session's own limits, in seconds; ``None`` leaves one to the server's default.
         */
        SessionConfig: {
            /** @default null */
            idleTimeoutSeconds: number | null;
            /** @default null */
            idleCloseDelaySeconds: number | null;
            /** @default null */
            maxDurationSeconds: number | null;
        };
        /** SessionCreate */
        SessionCreate: {
            /**
             * @description The environment variables of the engine, in place of the server's own. Write-only: kept in memory alone, and told by no answer. At most 48 KiB. Jupyter's own variables are left out.
             * @default null
             */
            environment: {
                [key: string]: string;
            } | null;
            /** @default spark_connect */
            endpointType: ("marimo" | "spark_connect") | null;
            /** @default null */
            name: string | null;
            /** @default null */
            teamId: string | null;
            /** @default null */
            memberId: string | null;
            /** @default null */
            serviceAccountId: string | null;
            /** @default null */
            notebookId: string | null;
            /** @default null */
            config: components["schemas"]["SessionConfig"] | null;
            /** @default {} */
            metadata: {
                [key: string]: string;
            } | null;
            /** @default null */
            workloadConfigId: string | null;
            /** @default false */
            allowShared: boolean | null;
        };
        /** SessionExtend */
        SessionExtend: {
            /** @default null */
            durationSeconds: number | null;
        };
        /** SessionIncluded */
        SessionIncluded: {
            sessions: components["schemas"]["Session"][];
            members: components["schemas"]["Member"][];
            serviceAccounts: components["schemas"]["ServiceAccount"][];
            workloads: components["schemas"]["Workload"][];
            workloadConfigs: components["schemas"]["WorkloadConfig"][];
        };
        /** SessionInterrupt */
        SessionInterrupt: {
            /** @default null */
            queryId: string | null;
        };
        /** SessionLogs */
        SessionLogs: {
            lines: string[];
        };
        /** SessionPage */
        SessionPage: {
            total: number;
            items: components["schemas"]["SessionReference"][];
            included: components["schemas"]["SessionIncluded"];
            marker?: string;
        };
        /** SessionQueries */
        SessionQueries: {
            items: components["schemas"]["Query"][];
        };
        /**
         * SessionReference
         * @description A row of a session list; the objects it names stand in ``included``.
         */
        SessionReference: {
            id: string;
            computeInstanceId: string | null;
            memberId: string | null;
            serviceAccountId: string | null;
        };
        /**
         * SessionRelaunch
         * @description Without an environment, the new session's engine gets that of the old one, where the server still has it.
         */
        SessionRelaunch: {
            /**
             * @description The environment variables of the engine, in place of the server's own. Write-only: kept in memory alone, and told by no answer. At most 48 KiB. Jupyter's own variables are left out.
             * @default null
             */
            environment: {
                [key: string]: string;
            } | null;
        };
        /** SessionToken */
        SessionToken: {
            token: string;
            expiresAt: string;
        };
        /**
         * StartEstimate
         * @description Of one compute config.
         */
        StartEstimate: {
            workloadConfigId: string | null;
            warm: boolean;
            medianSeconds: number | null;
        };
        /** StartEstimates */
        StartEstimates: {
            items: components["schemas"]["StartEstimate"][];
        };
        /** TeamServiceAccount */
        TeamServiceAccount: {
            id: string;
            username: string;
            description: string | null;
            createdAt: string | null;
            createdBy: string | null;
            updatedAt: string | null;
            updatedBy: string | null;
            teamId: string;
        };
        /** TokenCreate */
        TokenCreate: {
            /** @default null */
            durationSeconds: number | null;
        };
        /** WorkerCompute */
        WorkerCompute: {
            /** @default null */
            instanceType: string | null;
            /** @default null */
            ebsConfig: components["schemas"]["EbsConfig"] | null;
            /** @default null */
            maxNodes: number | null;
            /** @default null */
            capacityType: ("on-demand" | "spot") | null;
        };
        /** Workload */
        Workload: {
            id: string;
            workloadConfigId: string | null;
            /** @enum {string} */
            infraStatus: "failed" | "ready" | "requested" | "starting" | "stopped" | "stopping";
            shutdownPolicy: string | null;
            endpoints: {
                [key: string]: string;
            };
            provisionedAt: string | null;
            cleanedAt: string | null;
            lastActivityAt: string | null;
            statusMessage: string | null;
            createdAt: string;
            createdBy: string | null;
            updatedAt: string;
            updatedBy: string | null;
        };
        /** WorkloadConfig */
        WorkloadConfig: {
            id: string;
            name: string | null;
            workloadType: string;
            clusterId: string;
            teamId: string | null;
            config: components["schemas"]["WorkloadConfigBody"];
            endpointLimits: components["schemas"]["EndpointLimits"] | null;
            createdAt: string;
            createdBy: string | null;
            updatedAt: string;
            updatedBy: string | null;
            /** @description What an engine on it has, after the cut to the machine that it runs on. */
            size: components["schemas"]["ComputeSize"] | null;
            /** @description Of all nodes; null: not known. */
            pricePerHour: number | null;
            currency: string | null;
        };
        /** WorkloadConfigBody */
        WorkloadConfigBody: {
            /**
             * @default {
             *       "executionMode": "standalone",
             *       "compute": null,
             *       "lakesailImageUri": null,
             *       "libraries": [],
             *       "extraEnv": {}
             *     }
             */
            sail: components["schemas"]["SailConfig"] | null;
        };
        /**
         * WorkloadConfigChange
         * @description What is absent stays as it is. The last three cannot be changed; they are here to say so.
         */
        WorkloadConfigChange: {
            name?: string;
            config?: components["schemas"]["WorkloadConfigBody"];
            endpointLimits?: components["schemas"]["EndpointLimits"] | null;
            workloadType?: string | null;
            clusterId?: string | null;
            teamId?: string | null;
        };
        /** WorkloadConfigCreate */
        WorkloadConfigCreate: {
            name: string;
            /** @default sail */
            workloadType: "sail" | null;
            /** @default LOCAL */
            clusterId: string | null;
            /** @default null */
            teamId: string | null;
            /**
             * @default {
             *       "sail": {
             *         "executionMode": "standalone",
             *         "compute": null,
             *         "lakesailImageUri": null,
             *         "libraries": [],
             *         "extraEnv": {}
             *       }
             *     }
             */
            config: components["schemas"]["WorkloadConfigBody"] | null;
            /** @default null */
            endpointLimits: components["schemas"]["EndpointLimits"] | null;
        };
        /** WorkloadConfigPage */
        WorkloadConfigPage: {
            items: components["schemas"]["WorkloadConfig"][];
            marker?: string;
        };
    };
    responses: {
        /** @description Bad Request */
        InvalidArgument: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Unauthorized */
        Unauthenticated: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Forbidden */
        PermissionDenied: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Not Found */
        NotFound: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Conflict */
        FailedPrecondition: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Request Entity Too Large */
        PayloadTooLarge: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Unsupported Media Type */
        UnsupportedMediaType: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Too Many Requests */
        ResourceExhausted: {
            headers: {
                /** @description Seconds. */
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Internal Server Error */
        Internal: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Service Unavailable */
        Unavailable: {
            headers: {
                /** @description Seconds. */
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Gateway Timeout */
        DeadlineExceeded: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It does. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "ok";
                    };
                };
            };
        };
    };
    openapi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An OpenAPI 3.1 document. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    streamEvents: {
        parameters: {
            query?: {
                after?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream begins. */
            101: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidArgument"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["PermissionDenied"];
        };
    };
    listSessions: {
        parameters: {
            query?: {
                teamId?: string;
                endpoint_type?: "marimo" | "spark_connect";
                status?: "active" | "closed" | "failed" | "idle" | "pending";
                limit?: number;
                marker?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionPage"];
                };
            };
            400: components["responses"]["InvalidArgument"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["PermissionDenied"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    createSession: {
        parameters: {
            query?: never;
            header?: {
                /** @description A retried request with the same key answers what the first one made. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SessionCreate"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            400: components["responses"]["InvalidArgument"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["PermissionDenied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["FailedPrecondition"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["ResourceExhausted"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    describeSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            400: components["responses"]["InvalidArgument"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["PermissionDenied"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    closeSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidArgument"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["PermissionDenied"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    closeSessionWithReason: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SessionClose"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidArgument"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["PermissionDenied"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    issueToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["TokenCreate"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionToken"];
                };
            };
            400: components["responses"]["InvalidArgument"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["PermissionDenied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["FailedPrecondition"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["ResourceExhausted"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    revokeTokens: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidArgument"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["PermissionDenied"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    relaunchSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SessionRelaunch"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            400: components["responses"]["InvalidArgument"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["PermissionDenied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["FailedPrecondition"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["ResourceExhausted"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    extendSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SessionExtend"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            400: components["responses"]["InvalidArgument"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["PermissionDenied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["FailedPrecondition"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    compareEnvironment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["EnvironmentComparison"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EnvironmentDifference"];
                };
            };
            400: components["responses"]["InvalidArgument"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["PermissionDenied"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    describeEngineUse: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EngineUse"];
                };
            };
            400: components["responses"]["InvalidArgument"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["PermissionDenied"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    readLogs: {
        parameters: {
            query?: {
                tail?: number;
            };
            header?: never;
            path: {
                session: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionLogs"];
                };
            };
            400: components["responses"]["InvalidArgument"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["PermissionDenied"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listQueries: {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: never;
            path: {
                session: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionQueries"];
                };
            };
            400: components["responses"]["InvalidArgument"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["PermissionDenied"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    interruptQueries: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SessionInterrupt"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InterruptedQueries"];
                };
            };
            400: components["responses"]["InvalidArgument"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["PermissionDenied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["FailedPrecondition"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listConfigs: {
        parameters: {
            query?: {
                teamId?: string;
                limit?: number;
                marker?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkloadConfigPage"];
                };
            };
            400: components["responses"]["InvalidArgument"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["PermissionDenied"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    createConfig: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WorkloadConfigCreate"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkloadConfig"];
                };
            };
            400: components["responses"]["InvalidArgument"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["PermissionDenied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["FailedPrecondition"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    describeConfig: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                workloadConfig: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkloadConfig"];
                };
            };
            400: components["responses"]["InvalidArgument"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["PermissionDenied"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteConfig: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                workloadConfig: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidArgument"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["PermissionDenied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["FailedPrecondition"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    changeConfig: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                workloadConfig: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["WorkloadConfigChange"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkloadConfig"];
                };
            };
            400: components["responses"]["InvalidArgument"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["PermissionDenied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["FailedPrecondition"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listConfigsAtWorkloadsConfigs: {
        parameters: {
            query?: {
                teamId?: string;
                limit?: number;
                marker?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkloadConfigPage"];
                };
            };
            400: components["responses"]["InvalidArgument"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["PermissionDenied"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    createConfigAtWorkloadsConfigs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WorkloadConfigCreate"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkloadConfig"];
                };
            };
            400: components["responses"]["InvalidArgument"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["PermissionDenied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["FailedPrecondition"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    describeConfigAtWorkloadsConfigs: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                workloadConfig: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkloadConfig"];
                };
            };
            400: components["responses"]["InvalidArgument"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["PermissionDenied"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteConfigAtWorkloadsConfigs: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                workloadConfig: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidArgument"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["PermissionDenied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["FailedPrecondition"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    changeConfigAtWorkloadsConfigs: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                workloadConfig: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["WorkloadConfigChange"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkloadConfig"];
                };
            };
            400: components["responses"]["InvalidArgument"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["PermissionDenied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["FailedPrecondition"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listInstanceTypes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InstanceTypes"];
                };
            };
            400: components["responses"]["InvalidArgument"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["PermissionDenied"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    pollEvents: {
        parameters: {
            query?: {
                after?: number;
                wait?: number;
                limit?: number;
                kinds?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventPage"];
                };
            };
            400: components["responses"]["InvalidArgument"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["PermissionDenied"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listServiceAccounts: {
        parameters: {
            query?: {
                teamId?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceAccountPage"];
                };
            };
            400: components["responses"]["InvalidArgument"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["PermissionDenied"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    createServiceAccount: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ServiceAccountCreate"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewServiceAccount"];
                };
            };
            400: components["responses"]["InvalidArgument"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["PermissionDenied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["FailedPrecondition"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteServiceAccount: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                serviceAccount: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidArgument"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["PermissionDenied"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    estimateStarts: {
        parameters: {
            query: {
                kernelId: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StartEstimates"];
                };
            };
            400: components["responses"]["InvalidArgument"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["PermissionDenied"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            400: components["responses"]["InvalidArgument"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["PermissionDenied"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    publicKeys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeySet"];
                };
            };
            400: components["responses"]["InvalidArgument"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
}
