"""The short list of properties that may change, and of resources that may go, without anybody being asked.

Whatever is not here and no judge knows is unknown, and unknown is a risk. So a property belongs here only if no value
of it can lose data, stop anything, or open anything.
"""

from __future__ import annotations

from stack_review.differences import Path

_OF_ALL = ("Tags", "Description")
_PROPERTIES = {
    "ApiGateway::RestApi": "Name",
    "ApiGatewayV2::Api": "Name FailOnWarnings",
    "ApiGatewayV2::Authorizer": "Name",
    "ApiGatewayV2::Route": "OperationName",
    "ApiGatewayV2::Stage": "DefaultRouteSettings.DetailedMetricsEnabled RouteSettings.*.DetailedMetricsEnabled",
    "CloudFront::Distribution": "DistributionConfig.Comment",
    "CloudFront::Function": "FunctionConfig.Comment",
    "CloudFront::OriginAccessControl": "OriginAccessControlConfig.Description",
    "CloudFront::ResponseHeadersPolicy": "ResponseHeadersPolicyConfig.Comment",
    "CloudWatch::Alarm": "AlarmDescription",
    "CloudWatch::CompositeAlarm": "AlarmDescription",
    "CloudWatch::Dashboard": "DashboardBody",
    "EC2::LaunchTemplate": "VersionDescription",
    "EC2::SecurityGroup": "SecurityGroupIngress.[].Description SecurityGroupEgress.[].Description",
    "ECS::Service": "EnableECSManagedTags PropagateTags",
    "IAM::Role": "Policies.[].PolicyName",
    "Logs::QueryDefinition": "Name QueryString",
    "Route53::HostedZone": "HostedZoneConfig.Comment",
    "Route53::RecordSet": "Comment",
    "S3::Bucket": "MetricsConfigurations",
    "SNS::Topic": "DisplayName",
    "SQS::Queue": "ReceiveMessageWaitTimeSeconds",
}
REMOVED = frozenset(
    {
        "AWS::CDK::Metadata",
        "AWS::CloudFormation::WaitCondition",
        "AWS::CloudFormation::WaitConditionHandle",
        "AWS::CloudWatch::Dashboard",
        "AWS::Logs::QueryDefinition",
        "AWS::ResourceGroups::Group",
    }
)
"""Types of which nothing but a view or a mark goes."""

_ADDED = {
    "ApiGateway": "Account ApiKey Deployment Method Model Resource RestApi Stage UsagePlan",
    "ApiGatewayV2": "Api Deployment DomainName Integration Model Route Stage VpcLink",
    "Budgets": "Budget",
    "CDK": "Metadata",
    "CertificateManager": "Certificate",
    "CloudFormation": "WaitCondition WaitConditionHandle",
    "CloudFront": "CachePolicy CloudFrontOriginAccessIdentity Distribution Function KeyGroup OriginAccessControl"
    " OriginRequestPolicy PublicKey ResponseHeadersPolicy",
    "CloudWatch": "Alarm AnomalyDetector CompositeAlarm Dashboard",
    "CodeBuild": "Project ReportGroup",
    "CodeDeploy": "Application DeploymentConfig",
    "CodePipeline": "Pipeline",
    "EC2": "EIP InternetGateway NatGateway RouteTable SecurityGroup Subnet VPC",
    "ECS": "Cluster Service TaskDefinition",
    "ElasticLoadBalancingV2": "LoadBalancer TargetGroup",
    "Events": "ApiDestination EventBus Rule",
    "IAM": "Group InstanceProfile Role User",
    "Lambda": "Alias CodeSigningConfig Function LayerVersion Permission Url Version",
    "Logs": "MetricFilter QueryDefinition",
    "ResourceGroups": "Group",
    "Route53": "HealthCheck RecordSet RecordSetGroup",
    "SES": "ConfigurationSet EmailIdentity Template",
    "SNS": "Topic",
    "Scheduler": "Schedule ScheduleGroup",
    "StepFunctions": "StateMachine StateMachineVersion",
    "WAFv2": "IPSet RegexPatternSet RuleGroup WebACL",
}
ADDED = frozenset(f"AWS::{name}::{one}" for name, ones in _ADDED.items() for one in ones.split())
"""Types that hold no data and, when they are new, do nothing to what was there; their rights and doors are judged."""


def known_places(type_: str) -> tuple[Path, ...]:
    """The places of a type's properties that may change."""
    own = _PROPERTIES.get(type_.removeprefix("AWS::"), "").split()
    return tuple(tuple(path.split(".")) for path in (*_OF_ALL, *own))
